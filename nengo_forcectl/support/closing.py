"""What has to be closed, closes with its ``with``."""

from types import TracebackType

from typing_extensions import Self


class Closing:
    """Gives a class that has ``close`` the ``with`` statement."""

    def close(self) -> None:
        """Let go of what was opened; more than once does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
