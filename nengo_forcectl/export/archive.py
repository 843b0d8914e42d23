"""A static library: one object file in the archive format that linkers read."""

import struct
from collections.abc import Sequence

START = b"!<arch>\n"


def archive(name: str, content: bytes, symbols: Sequence[str]) -> bytes:
    """Return an archive of one object file, with the index of its functions.

    Args:
        name: of the object file, at most 15 characters.
        content: the object file.
        symbols: the functions that it defines.
    """
    names = b"".join(symbol.encode() + b"\0" for symbol in symbols)
    size = 4 + 4 * len(symbols) + len(names)
    place = len(START) + 60 + size + size % 2  # of the object file
    index = struct.pack(f">{1 + len(symbols)}I", len(symbols), *[place] * len(symbols)) + names
    return START + _member("/", index) + _member(f"{name}/", content)


def _member(name: str, content: bytes) -> bytes:
    """Return a member without owner and date, so that the same code gives the same bytes."""
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)
