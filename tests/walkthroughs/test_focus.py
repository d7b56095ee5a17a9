"""Which names are in focus."""

import pytest

from walkthroughs.focus import Focus


@pytest.mark.parametrize(
    ("patterns", "name", "seen"),
    [
        (["daphne"], "daphne.server.Server.run", True),
        (["daphne"], "daphnes.server", False),
        (["daphne", "-daphne.server"], "daphne.server.Server.run", False),
        (
            ["daphne", "-daphne.server", "daphne.server.Server"],
            "daphne.server.Server",
            1,
        ),
        (["app"], "app.One._private", False),
        (["app"], "app.One.__call__", False),
        (["app", "app.One.__call__"], "app.One.__call__", True),
        (["app", "*.__call__"], "app.One.__call__", True),
        (["app", "*.__call__"], "app._One.__call__", False),
        (["app", "*.__call__"], "other.One.__call__", False),
        (["app._hidden.One"], "app._hidden.One.run", True),
        (["app"], "app.f.<locals>.g", False),
        ([], "app.One", False),
    ],
)
def test_the_longest_name_that_fits_decides(
    patterns: list[str], name: str, seen: bool
) -> None:
    assert (name in Focus.of(patterns)) == bool(seen)


def test_the_packages_to_watch_are_those_of_the_names_taken_in() -> None:
    focus = Focus.of(["daphne.server", "twisted", "-django", "*.__call__", "twisted"])
    assert focus.packages == {"daphne", "twisted"}
    assert focus.patterns == ("daphne.server", "twisted", "-django", "*.__call__")
