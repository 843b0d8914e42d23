"""The notebooks of the documentation run, and are stored without outputs."""

import os

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

NOTEBOOKS = ["first_reach.ipynb", "weight_jacobian.ipynb"]


def read(project, name):
    return nbformat.read(project / "docs" / "notebooks" / name, as_version=4)


def test_every_notebook_is_tested(project):
    """There is no notebook beside those that run here."""
    assert sorted(path.name for path in (project / "docs").rglob("*.ipynb")) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_stored_without_outputs(project, name):
    """A difference of two versions is one of their code and text."""
    cells = [cell for cell in read(project, name).cells if cell.cell_type == "code"]
    assert [cell for cell in cells if cell.outputs or cell.execution_count is not None] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_run(project, name, tmp_path, monkeypatch):
    """All cells run in a new kernel, in order; the last one asserts what they should find."""
    paths = [str(project), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    monkeypatch.delenv("XLA_FLAGS", raising=False)  # here it optimises, as it does for a user
    notebook = read(project, name)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert pictures
