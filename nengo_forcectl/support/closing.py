"""The ``with`` statement for classes that have ``close``."""

from types import TracebackType

from typing_extensions import Self


class Closing:
    """Base of classes with ``close``: leaving the ``with`` statement closes."""

    def close(self) -> None:
        """Release what was opened; closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
