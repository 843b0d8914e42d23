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
API = "docs/api/"  # its pages are written when the documentation is built


def _name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [page for page in TEXTS[1:] if samples(page)], ids=_name)
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
    assert [target for target in missing if API not in str(target)] == []


def test_every_public_name_is_on_an_api_page(tmp_path):
    """Each name in ``__all__`` of the package, its subpackages and arms has a description."""
    source = DOCS / "_ext" / "api_pages.py"
    spec = importlib.util.spec_from_file_location("api_pages", source)
    api_pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(api_pages)
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
