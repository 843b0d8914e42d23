"""Scripts of ``examples``, run in this process: TensorFlow is loaded once for all of them."""

import contextlib
import io
import runpy
import sys
from unittest import mock


def output_of(project, name, *arguments):
    """What an example prints; it says nothing on the standard error."""
    path = str(project / "examples" / name)
    printed, said = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", [path, *map(str, arguments)]),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(said),
    ):
        runpy.run_path(path, run_name="__main__")
    assert said.getvalue() == ""
    return printed.getvalue()
