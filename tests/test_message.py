"""The messages of the bridge: their layout, and what is dropped."""

import struct
import zlib

import numpy as np
import pytest
from bridge_messages import TOKEN, message
from hypothesis import given, strategies as st

from nengo_forcectl.robots.message import DROPS, SIZE, Message, decode, encode


@pytest.mark.parametrize("wrench", [None, np.arange(6.0)])
def test_a_message_comes_back_as_it_was(wrench):
    """476 bytes, and every field to the last bit."""
    before = message(wrench=wrench)
    data = encode(before)
    assert len(data) == SIZE == 476
    for one, other in zip(before, decode(data), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_layout_is_where_the_documentation_says():
    """Offsets of token, sequence, time, q, tau and the checksum."""
    data = encode(message())
    assert struct.unpack_from("<QQQd", data, 8) == (TOKEN, 1, 7, 0.5)
    assert struct.unpack_from("<2d", data, 40) == (0.1, 0.2)
    assert struct.unpack_from("<2d", data, 344) == (1.0, -2.0)
    assert struct.unpack_from("<I", data, 472) == (zlib.crc32(data[:472]),)


@given(st.binary(max_size=2 * SIZE))
def test_any_bytes_are_a_drop(data):
    """Random bytes are never a message and never an error."""
    assert decode(data) in DROPS


@given(st.integers(0, SIZE - 1), st.integers(1, 255))
def test_one_wrong_byte_is_a_drop(place, change):
    """Whatever byte is damaged."""
    data = bytearray(encode(message()))
    data[place] ^= change
    assert decode(bytes(data)) in DROPS


@given(st.binary(min_size=468, max_size=468))
def test_any_contents_with_a_right_checksum_are_finite_or_a_drop(contents):
    """A message that gets through holds finite numbers and 1 to 16 joints."""
    body = b"NFCB" + contents
    got = decode(body + struct.pack("<I", zlib.crc32(body)))
    if isinstance(got, Message):
        assert np.isfinite([*got.q, *got.dq, *got.tau, got.time]).all()
        assert 1 <= len(got.q) <= 16
    else:
        assert got in DROPS
