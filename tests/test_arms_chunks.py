"""Long programs are compiled in pieces, which changes no bit."""

import numpy as np
import pytest
from arms_reference import states

import arms
from arms.machine import cache, chunks
from arms.machine.chunks import chunks_of
from arms.machine.llvm_text import llvm_batch_text, llvm_text
from arms.model.terms import Request


@pytest.fixture
def in_pieces(monkeypatch, tmp_path):
    """Pieces of thirty steps, and an empty cache."""
    monkeypatch.setattr(chunks, "WHOLE", 40)
    monkeypatch.setattr(chunks, "SIZE", 30)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))


def test_pieces_give_the_same_bits_as_the_whole(in_pieces, monkeypatch):
    """All terms, derivatives and constant results, for one state and for a batch."""
    terms = ("pose", "J", "dJ", "M", "C", "g", "tau", "tau_q", "Y_drives")
    arm = arms.load("planar3").with_friction(0.1, 0.2)
    q, dq, u = states(arm, 7, seed=1)
    assert len(chunks_of(arm.steps(Request(terms)))[0]) > 5
    pieces = arm.kernel(*terms)
    alone, batch = pieces.run(q[0], dq[0], u[0]), pieces.run(q, dq, u)
    monkeypatch.undo()
    whole = arms.load("planar3").with_friction(0.1, 0.2).kernel(*terms)
    assert len(chunks_of(whole.steps())[0]) == 1
    np.testing.assert_array_equal(alone, whole.run(q[0], dq[0], u[0]))
    np.testing.assert_array_equal(batch, whole.run(q, dq, u))


def test_every_step_is_in_one_piece_and_is_there_when_it_is_taken(in_pieces):
    """Pieces take only what earlier ones keep; all results are written once."""
    steps = arms.load("planar3").steps(Request(("M", "C", "g")))
    pieces, places = chunks_of(steps)
    assert [k for piece in pieces for k in range(piece.first, piece.end)] == [
        *range(len(steps.steps))
    ]
    kept: set[int] = set()
    for piece in pieces:
        assert set(piece.needed) <= kept
        kept.update(piece.kept)
    assert kept == set(places)
    assert sorted(places.values()) == [*range(len(places))]
    entries = [entry for piece in pieces for entry in piece.results]
    assert sorted(entries) == [*range(len(steps.results))]


def test_a_short_program_has_no_pieces():
    """The seven-joint arm's terms are one function, which needs no memory."""
    steps = arms.load("kuka_iiwa").steps(Request(arms.Terms._fields))
    for text in (llvm_text(steps), llvm_batch_text(steps, 4)):
        assert "%memory" not in text
        assert text.count("define") == 1
