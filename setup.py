"""Says which Python works, before pip turns to the dependencies; the rest is in pyproject.toml."""

import sys

from setuptools import setup

major, minor = sys.version_info[:2]
if not (3, 10) <= (major, minor) <= (3, 11):
    sys.exit(
        "nengo-forcectl works with Python 3.10 and 3.11 (PyBullet has wheels up to 3.11, "
        f"TensorFlow 2.21 from 3.10 on); this is Python {major}.{minor}."
    )
setup()
