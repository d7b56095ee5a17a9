"""Whoever waits hears how far it is, and not too often."""

from walkthroughs.adapters.progress import Progress


def test_a_line_comes_only_when_nothing_was_said_for_a_second() -> None:
    said: list[str] = []
    times = iter([0.0, 0.5, 1.0, 1.0, 1.9, 2.0, 2.0])
    progress = Progress(said.append, 4, "Rendering page", lambda: next(times))
    for name in ("a.md", "b.md", "c.md", "d.md"):
        progress.begin(name)
    assert said == ["Rendering page 2 of 4: b.md", "Rendering page 4 of 4: d.md"]
