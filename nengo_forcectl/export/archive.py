"""A static library: object files in the archive format that linkers read."""

import struct
from collections.abc import Mapping, Sequence

START = b"!<arch>\n"
HEAD = 60  # bytes before a member's content


def archive(members: Mapping[str, bytes], functions: Mapping[str, Sequence[str]]) -> bytes:
    """Return an archive of object files, with the index of their functions.

    Args:
        members: the files by name; at most 15 characters.
        functions: what each of them defines.
    """
    names = b"".join(f"{each}\0".encode() for file in members for each in functions[file])
    count = sum(map(len, functions.values()))
    place = len(START) + HEAD + _even(4 + 4 * count + len(names))
    places: list[int] = []
    for file, content in members.items():
        places += [place] * len(functions[file])
        place += HEAD + _even(len(content))
    index = struct.pack(f">{1 + count}I", count, *places) + names
    parts = [_member(f"{file}/", content) for file, content in members.items()]
    return START + _member("/", index) + b"".join(parts)


def _even(size: int) -> int:
    return size + size % 2


def _member(name: str, content: bytes) -> bytes:
    """Return a member without owner and date, so that the same code gives the same bytes."""
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)
