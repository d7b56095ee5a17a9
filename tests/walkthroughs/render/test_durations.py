"""How long calls took."""

from __future__ import annotations

from walkthroughs.render.durations import Duration, durations, spoken

from .scenes import REACTOR, TASK, Scene


def test_a_call_runs_itself_runs_what_it_calls_and_waits() -> None:
    s = Scene()  # an event each microsecond
    outer = s.call("made:outer", TASK)  # 0
    inner = s.call("made:inner", TASK, 1)  # 1
    s.exit(inner, "suspend", 1)  # 2
    s.exit(outer, "suspend", 1)  # 3
    other = s.call("made:other", REACTOR)  # 4
    s.exit(other, "return", 1)  # 5
    s.exit(outer, "resume", 1)  # 6
    s.exit(inner, "resume", 1)  # 7
    s.exit(inner, "return", 2)  # 8
    s.exit(outer, "return", 2)  # 9
    assert durations(s.trace()) == {
        other: Duration(1000, 0, 1000),
        inner: Duration(7000, 5000, 2000),
        outer: Duration(9000, 3000, 4000),
    }


def test_a_duration_has_three_digits_and_a_unit() -> None:
    spoken_of = [0, 999, 1_000, 85_400, 999_400, 999_600, 1_240_000, 12_400_000]
    spoken_of += [100_200_000, 999_800_000, 2_500_000_000, 75_000_000_000]
    assert [spoken(each) for each in spoken_of] == [
        "less than 1 µs",
        "less than 1 µs",
        "1 µs",
        "85 µs",
        "999 µs",
        "1.00 ms",
        "1.24 ms",
        "12.4 ms",
        "100 ms",
        "1.00 s",
        "2.50 s",
        "75.0 s",
    ]


def test_what_has_not_ended_has_no_duration() -> None:
    s = Scene()
    endless = s.call("made:endless", TASK)
    left = s.call("made:left", TASK, 1)
    s.exit(left, "suspend", 1)
    s.exit(left, "resume", 1)
    s.exit(left, "raise", 1, "GeneratorExit")
    assert durations(s.trace()) == {left: Duration(3000, 1000, 2000)}
    assert endless not in durations(s.trace())
