"""Arms as data: one module per family, each with the source of its numbers."""

from __future__ import annotations

from collections.abc import Callable

from arms.chain import Chain


def _planar(n: int) -> Chain:
    from arms.catalog.planar import planar

    return planar(n)


def _kuka_iiwa() -> Chain:
    from arms.catalog.kuka import kuka_iiwa

    return kuka_iiwa()


CATALOG: dict[str, Callable[[], Chain]] = {
    "planar2": lambda: _planar(2),
    "planar3": lambda: _planar(3),
    "kuka_iiwa": _kuka_iiwa,
}
