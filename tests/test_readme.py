from samples import samples


def test_the_readmes_sample_learns(project):
    """The lines of library use run as they stand: the tool arrives, the payload is found."""
    names = {}
    exec(samples(project / "README.md"), names)
    assert names["log"].error()[-1] < 5e-3
    assert abs(names["cycle"].learned.payload.mass - 2.0) < 0.02


def test_the_readme_is_short(project):
    """The README has at most 900 words; the rest is in docs."""
    assert len((project / "README.md").read_text(encoding="utf-8").split()) <= 900


def test_the_readme_has_the_two_commands(project):
    """Installing and running, installing and testing: one line each."""
    lines = (project / "README.md").read_text(encoding="utf-8").splitlines()
    assert "    pip install -e . && nengo-forcectl reach" in lines
    assert "    pip install -e '.[test]' && pytest" in lines
