"""Versions of installed packages."""

from importlib import metadata


def version_of(package: str) -> str | None:
    """Return the version of a package by its name on the package index; None without it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
