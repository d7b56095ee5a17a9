"""The fence `module-map`: the modules of a server, and which of them calls which.

    ```module-map minidaphne
    ```

draws what all recordings on the pages have seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from ..errors import FenceError, WalkthroughError
from ..fence_recordings import digests_of
from ..pages.markdown import Fence, options_of
from ..pages.pages import Pages
from ..recording import record
from ..render.graph import Arrow, Layer, module_map
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
    return draw_map(options_of(fence).get("target", ""), place.pages)


def depends_on(fence: Fence, place: Place) -> str:
    """Return a text that changes when a recording in the picture does.

    Returns:
        "" if one of them is not kept in the cache.

    Raises:
        WalkthroughError: one of them cannot be made.
    """
    server = options_of(fence).get("target", "")
    found = [
        digests_of({"scenario": each, "server": server}, ())
        for each in _scenarios(server, place.pages)
    ]
    return repr(found) if all(map(all, found)) else ""


def draw_map(server: str, pages: Pages) -> str:
    """Draw the picture of a `module-map` fence.

    Raises:
        FenceError: no page has a recording of that server, or they have no call in it
            that leads to another place.
    """
    traces = [*recordings(server, pages)]
    if not traces:
        raise FenceError(f"no listing of the book runs on {server!r}")
    calls = count_calls(traces, server)
    if not calls:
        raise FenceError(f"no recording of {server!r} has a call of another module")
    layers = in_layers(calls, {*modules(traces, server), server}, server)
    found = [
        Arrow(start, end, f"{n} call{'s' * (n > 1)}", n)
        for (start, end), n in sorted(calls.items())
    ]
    title = f"Who calls whom in {server}, in {len(traces)} recordings"
    return module_map(layers, found, title, f"map-{server}")


def recordings(server: str, pages: Pages) -> Iterator[Trace]:
    """Each recording of a server that a listing of the book speaks of, once."""
    for scenario in _scenarios(server, pages):
        try:
            yield record(scenario, server)
        except WalkthroughError:
            continue  # the listing's own test says so, with its line


def _scenarios(server: str, pages: Pages) -> list[str]:
    scenarios = {
        fence.options.get("scenario", "")
        for _, fence in pages.of_language("callpath")
        if fence.options.get("server") == server
    }
    return sorted(scenarios)


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


FRAMEWORK = ("asgiref", "channels", "channels_redis", "django")
"""The packages between a server and an application."""

APPLICATION = "walkthroughs"
"""The package that has the applications of the scenarios."""

IN_A_ROW = 4
"""So many boxes stand beside each other."""


def modules(traces: Sequence[Trace], server: str) -> set[str]:
    """Return the server's own modules."""
    names = {each.module for trace in traces for each in trace.functions}
    own = (name.split(".") for name in names if name.startswith(f"{server}."))
    return {parts[1] for parts in own}


def in_layers(
    calls: Mapping[tuple[str, str], int], own: Collection[str], server: str
) -> list[Layer]:
    """Sort the places into layers, from the network down to the application.

    Args:
        calls: how often one place calls another.
        own: the modules of the server.
        server: its name.
    """
    places = in_order(calls)
    framework = [name for name in places if name in FRAMEWORK]
    network = [name for name in places if name not in (*own, *FRAMEWORK, APPLICATION)]
    layers = (
        ("Event loop and network", _rows(network)),
        (server, _by_depth([name for name in places if name in own], calls)),
        ("Django", _rows(framework)),
        ("Application", _rows([name for name in places if name == APPLICATION])),
    )
    return [Layer(name, rows) for name, rows in layers if rows]


def _rows(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[n : n + IN_A_ROW] for n in range(0, len(names), IN_A_ROW)]


def _by_depth(
    names: Sequence[str], calls: Mapping[tuple[str, str], int]
) -> list[Sequence[str]]:
    """Put each below the ones before it in the order that call it."""
    depth: dict[str, int] = {}
    for name in names:
        above = (depth[each] for each in depth if (each, name) in calls)
        depth[name] = max(above, default=-1) + 1
    levels = range(max(depth.values(), default=-1) + 1)
    found = ([name for name in names if depth[name] == level] for level in levels)
    return [row for level in found for row in _rows(level)]


def in_order(calls: Mapping[tuple[str, str], int]) -> list[str]:
    """Return the places; those that call most and are called least come first."""
    balance: Counter[str] = Counter()
    for start, end in calls:
        balance[start] += 1
        balance[end] -= 1
    return sorted(balance, key=lambda name: (-balance[name], name))
