import re


def test_the_readmes_first_example_runs(project):
    """The ten lines of library use run as they stand, and the tool arrives within 5 mm."""
    text = (project / "README.md").read_text(encoding="utf-8")
    (code, *_) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names = {}
    exec(code, names)
    assert names["log"].error()[-1] < 5e-3
    assert names["cycle"].read()["adaptive -> torque"].any()


def test_comments_of_the_readme_are_beside_what_they_explain(project):
    """None follows the closing bracket of a call that was broken for its sake."""
    text = (project / "README.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert [line for code in snippets for line in re.findall(r"^ *\) *#.*", code, re.M)] == []


def test_the_readme_shows_files_that_exist(project):
    """Every relative link of the README leads to a file."""
    text = (project / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):]+)\)", text)
    assert links
    assert [link for link in links if not (project / link).exists()] == []
