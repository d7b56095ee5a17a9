"""Whose a module is."""

from importlib.metadata import packages_distributions

from walkthroughs.packages import owners


def test_the_standard_library_says_the_same_of_what_it_knows() -> None:
    known = packages_distributions()
    assert "daphne" in known
    for top, names in known.items():
        if top.isidentifier() and top != "__pycache__":
            assert {*owners()[top]} == {*names}, top
