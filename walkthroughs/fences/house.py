"""The fence `house`: the modules of a server, and which of them calls which.

    ```house minidaphne
    ```

draws what all recordings on the pages have seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..errors import FenceError, WalkthroughError
from ..pages.markdown import Fence, options_of
from ..pages.pages import Pages
from ..recording import record
from ..render.graph import Arrow, house
from ..trace import Call, Trace
from .place import Place


def check(fence: Fence, place: Place) -> None:
    """See that the pages have recordings of the server.

    Raises:
        FenceError: they have none.
    """
    render(fence, place)


def render(fence: Fence, place: Place) -> str:
    """Make the picture; raise as `check` does."""
    return draw_house(options_of(fence).get("target", ""), place.pages)


def draw_house(server: str, pages: Pages) -> str:
    """Draw the picture of a `house` fence.

    Raises:
        FenceError: no page has a recording of that server.
    """
    traces = [*recordings(server, pages)]
    if not traces:
        raise FenceError(f"no listing of the book runs on {server!r}")
    calls = count_calls(traces, server)
    boxes = in_order(calls)
    found = [
        Arrow(start, end, f"{n} call{'s' * (n > 1)}", n)
        for (start, end), n in sorted(calls.items())
    ]
    title = f"Who calls whom in {server}, in {len(traces)} recordings"
    return house(boxes, found, title, f"house-{server}")


def recordings(server: str, pages: Pages) -> Iterator[Trace]:
    """Each recording of a server that a listing of the book speaks of, once."""
    scenarios = {
        fence.options.get("scenario", "")
        for _, fence in pages.of_language("callpath")
        if fence.options.get("server") == server
    }
    for scenario in sorted(scenarios):
        try:
            yield record(scenario, server)
        except WalkthroughError:
            continue  # the listing's own test says so, with its line


def count_calls(traces: Sequence[Trace], server: str) -> Counter[tuple[str, str]]:
    """Count how often code of one place calls code of another.

    Places are modules of the server, and whole packages of all others. A message sent
    is a call by the code that sends it.
    """
    calls: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        for step in trace.steps:
            above = (trace.events[n] for n in trace.ancestors(step))
            caller = next((each for each in above if isinstance(each, Call)), None)
            if isinstance(step, Call) and caller is not None:
                pair = _place(trace, caller, server), _place(trace, step, server)
                calls[pair] += pair[0] != pair[1]
    return +calls


def _place(trace: Trace, call: Call, server: str) -> str:
    package, _, module = trace.function(call).module.partition(".")
    return module.partition(".")[0] or package if package == server else package


def in_order(calls: Mapping[tuple[str, str], int]) -> list[str]:
    """Return the places; those that call most and are called least come first."""
    balance: Counter[str] = Counter()
    for start, end in calls:
        balance[start] += 1
        balance[end] -= 1
    return sorted(balance, key=lambda name: (-balance[name], name))
