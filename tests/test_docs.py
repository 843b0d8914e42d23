import ast
import importlib.util
import re
from pathlib import Path

import pytest
from samples import samples

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + PAGES
# The samples of the tutorials run, and draw, while the documentation is built.
RUN = [page for page in TEXTS[1:] if page.parent.name != "tutorials"]
BUILT = "docs/api/", "docs/_figures/"  # written when the documentation is built


def _name(page):
    return str(page.relative_to(ROOT))


def _extension(name):
    """Return a module of docs/_ext."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", [page for page in RUN if samples(page)], ids=_name)
def test_samples_run(page, tmp_path, monkeypatch):
    """The samples of a page run from top to bottom, in one session, without a warning."""
    monkeypatch.chdir(tmp_path)
    exec(compile(samples(page), page, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("page", TEXTS, ids=_name)
def test_samples_read_well(page):
    """Every sample is Python, even if it does not run, and no comment follows a closing bracket."""
    code = samples(page) + samples(page, marked="no-run")
    ast.parse(samples(page, marked="no-run"))
    assert "import *" not in code
    assert re.findall(r"^ *\) *#.*", code, re.MULTILINE) == []


def test_few_samples_do_not_run():
    """Samples without a test are the exception: those that need a robot in another process."""
    marked = [_name(page) for page in TEXTS if samples(page, marked="no-run")]
    assert marked == ["docs/howto/bridge.md", "docs/howto/franka.md"]


@pytest.mark.parametrize("page", TEXTS, ids=_name)
def test_links_lead_to_files(page):
    """Every relative link leads to a file."""
    links = re.findall(r"\]\(([^):]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    targets = [(page.parent / link).resolve() for link in links]
    missing = [target for target in targets if not target.exists()]
    assert [t for t in missing if not any(folder in str(t) for folder in BUILT)] == []


@pytest.mark.parametrize("page", sorted((DOCS / "tutorials").glob("*.md")), ids=_name)
def test_tutorials_lead_on(page):
    """A tutorial says what it means and where to go on, and the index leads to it."""
    text = page.read_text(encoding="utf-8")
    if page.stem == "index":
        assert all(f"]({other.name})" in text for other in page.parent.glob("*-*.md"))
    else:
        assert text.split("\n## What it means\n")[1].count("\n## Go on\n") == 1


def test_tutorials_draw_their_pictures():
    """A picture is drawn by a sample of its own page, and the gallery shows all of them."""
    used = {
        page: re.findall(r"_figures/([\w-]+)/([\w-]+\.png)", page.read_text("utf-8"))
        for page in PAGES
    }
    drawn = {
        (page.stem, picture)
        for page in (DOCS / "tutorials").glob("*.md")
        for picture in re.findall(r"savefig\(\"([\w-]+\.png)\"", samples(page))
    }
    for page, pictures in used.items():
        assert set(pictures) <= drawn, page
        if page.parent.name == "tutorials":
            assert {stem for stem, _ in pictures} <= {page.stem}
    assert set(used[DOCS / "gallery.md"]) == drawn


def test_a_page_shows_what_its_samples_print():
    """The output of a sample stands below it, and nothing where it prints nothing."""
    sample_runs = _extension("sample_runs")
    page = "# A\n\n```python\nprint(1)\n```\n\nText.\n\n```python\nx = 2\n```\n\nEnd.\n"
    shown = sample_runs.insert_outputs(page, ["1\n", ""])
    assert "print(1)\n```\n\n```text\n1\n```\n\nText." in shown
    assert shown.endswith("x = 2\n```\n\nEnd.\n")
    assert shown.count("```text") == 1


def test_every_public_name_is_on_an_api_page(tmp_path):
    """Each name in ``__all__`` of the package, its subpackages and arms has a description."""
    api_pages = _extension("api_pages")
    pages = {
        page.stem: page.read_text(encoding="utf-8") for page in api_pages.write_pages(tmp_path)
    }
    described = set()
    for name, text in pages.items():
        described.update(re.findall(r"^\.\. auto\w+:: (.*)", text, re.MULTILINE))
        data = re.findall(r"^\.\. py:data:: (.*)", text, re.MULTILINE)
        described.update(f"{name}.{each}" for each in data)
    assert {"nengo_forcectl", "arms"} <= set(pages)
    for module in api_pages.public_modules():
        text = pages[module.__name__]
        linked = set(re.findall(r":py:obj:`~([^`]*)`", text))
        for name in module.__all__:
            own = f"{module.__name__}.{name}"
            others = [link for link in linked if link.endswith(f".{name}")]
            assert own in described or (others and set(others) <= described), own


def test_the_architecture_names_every_folder():
    """The tables of the architecture page have each package, and none that is gone."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    first_column = "".join(re.findall(r"^\| (`[^|]*)\|", text, re.M))
    named = set(re.findall(r"`(\w+)/`", first_column))
    folders = {
        path.parent.name
        for package in ("nengo_forcectl", "arms")
        for path in (ROOT / package).glob("*/*.py")
    }
    assert named - {"arms"} == folders


def test_the_citation_has_the_version_and_the_licence():
    """CITATION.cff agrees with pyproject.toml."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for key in ("version", "license"):
        value = re.search(rf'^{key} = "(.*)"$', project, re.MULTILINE)[1]
        assert f"\n{key}: {value}\n" in citation
