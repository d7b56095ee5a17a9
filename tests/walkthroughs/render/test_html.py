"""The page: everything there without a script, everything escaped."""

import json
import re
from base64 import b64decode
from dataclasses import replace
from zlib import decompress

import pytest

from walkthroughs.render import html
from walkthroughs.render.listing_html import alias, listing
from walkthroughs.render.steps import LISTED
from walkthroughs.render.view import View
from walkthroughs.render.waits import Waits
from walkthroughs.trace import Package, Trace

from ..trace_builder import trace
from .parsed import Page
from .scenes import LINES, view


def whole(view: View) -> str:
    return html.walkthrough(view, listing(view, LINES, "made"), "made")


def test_a_walkthrough_is_listing_picture_and_steps() -> None:
    text = whole(view())
    page = Page(text)
    assert page.all("div", "wt")[0]["id"] == "made-walk"
    order = [text.index(mark) for mark in ("wt-listing", "<svg", "wt-steps")]
    assert order == sorted(order)


@pytest.mark.parametrize("rows", [html.TALL, html.TALL + 1])
def test_a_picture_that_is_higher_than_a_window_is_folded(rows: int) -> None:
    made = trace("\n".join(f"app.f{n}" for n in range(rows)))
    shown = View(made, [step.seq for step in made.steps])
    assert len(shown.rows) == rows
    [picture] = Page(whole(shown)).all("details", "wt-picture")
    assert ("open" in picture) == (rows == html.TALL)


def test_the_waits_of_a_recording_are_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    begin = Waits.__init__

    def counted(self: Waits, trace: Trace) -> None:
        made.append(trace)
        begin(self, trace)

    monkeypatch.setattr(Waits, "__init__", counted)
    html.walkthrough(view(), "", "made")
    assert len(made) == 1
    html.standalone(view(), "made")
    assert len(made) == 2


def test_every_link_leads_to_one_place_on_the_page() -> None:
    page = Page(whole(view()))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {(link["href"] or "").removeprefix("#") for link in page.all("a")}
    assert targets <= set(ids)


def test_aliases_shorten_names_and_the_title_has_them_whole() -> None:
    aliases = {"made": "m", "made.http": "", "ma": "wrong"}
    assert alias("made.http.Request.process", aliases) == "Request.process"
    assert alias("made.tcp.Port", aliases) == "m.tcp.Port"
    assert alias("other.tcp", aliases) == "other.tcp"
    text = listing(view(), LINES, "made", aliases)
    assert 'title="made.http.Request.process">Request.<wbr>process' in text


def test_a_failure_is_a_box_with_the_text_as_it_is() -> None:
    text = html.failure("docs/a.md:3: <nothing> like that\n- a\n+ b")
    Page(text)
    assert "docs/a.md:3: &lt;nothing&gt; like that\n- a\n+ b" in text


def test_a_page_says_what_counts_and_in_which_versions() -> None:
    trace = replace(
        view().trace,
        header=replace(
            view().trace.header,
            focus=("made", "-made.<log>"),
            packages=(Package("made", "1.2", "MIT"),),
        ),
    )
    text = whole(View(trace, view().shown))
    assert "<code>-made.<wbr>&lt;log&gt;</code>" in text
    assert "made 1.2, licence: MIT" in text
    assert text.index("wt-listing") < text.index("wt-focus") < text.index("<svg")


def test_a_slim_walkthrough_has_no_picture_and_its_steps_folded() -> None:
    text = html.slim(view(), listing(view(), LINES, "made"), "made")
    page = Page(text)
    assert len(page.all("div", "wt-slim")) == 1
    assert "open" not in page.all("details", "wt-all")[0]
    assert page.all("li", "wt-step")
    assert not page.all("svg")


def test_a_page_of_its_own_keeps_each_excerpt_once_and_opens_at_own_code() -> None:
    made = trace(
        "app.server\n    app.one own\n    app.two own\n    app.two own\n    app.three"
    )
    shown = [step.seq for step in made.steps][:4]
    page = html.standalone(View(made, shown, {shown[2]: 40}), "made")
    assert 'data-start="2"' in page and "app.two" in page
    packed = re.findall(r'class="wt-packed">([^<]+)<', page)
    picture, timed, steps = (decompress(b64decode(each)).decode() for each in packed)
    assert "<svg" in picture and "wt-clock" in timed
    assert "wt-source" not in steps and steps.count("data-own") == 3
    assert "\u00d7 40" in steps
    shelf = re.search(r'class="wt-shelf">(.*)</script>', steps)
    assert shelf is not None
    parts = json.loads(shelf[1])
    assert len(parts) == len(set(parts)) and "</" not in shelf[1]
    assert any("wt-code" in part for part in parts)


def test_what_a_page_of_its_own_leaves_out_is_bounded() -> None:
    story = "app.a\n" + "".join(f"    app.b{n}\n" for n in range(20_000)) + "app.c"
    made = trace(story)
    shown = [made.steps[0].seq, made.steps[-1].seq]
    page = html.standalone(View(made, shown), "made")
    assert len(page) < 200_000
    *_, packed = re.findall(r'class="wt-packed">([^<]+)<', page)
    steps = decompress(b64decode(packed)).decode()
    assert f"<code>{20_000 - LISTED} calls more<" in steps
