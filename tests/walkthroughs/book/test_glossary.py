"""The first use of a word leads to the glossary, and nothing else does."""

from pathlib import Path

from markdown import Markdown
from mkdocs.commands.build import build
from mkdocs.config import load_config

from walkthroughs.book.glossary import GlossaryLinks, Term, read_glossary

GLOSSARY = """\
# Glossary

event { #event }
:   A dict. See
    [Words](words.md).

event loop { #event-loop }
:   A loop.

port (Twisted) { #port }
:   An object.

`send` { #send }
:   A function.
"""


def html(text: str) -> str:
    extension = GlossaryLinks()
    extension.begin_page(read_glossary(GLOSSARY), "g.html")
    return Markdown(extensions=[extension, "attr_list", "tables"]).convert(text)


def link(anchor: str, word: str) -> str:
    return f'<a class="term" href="g.html#{anchor}">{word}</a>'


def test_reads_the_terms() -> None:
    assert read_glossary(GLOSSARY) == [
        Term("event", "event", "A dict. See\n    [Words](words.md)."),
        Term("event loop", "event-loop", "A loop."),
        Term("port (Twisted)", "port", "An object."),
        Term("`send`", "send", "A function."),
    ]


def test_only_the_first_use_is_linked() -> None:
    assert html("Two *events*, and an Event: event.\n\nAn event.") == (
        f"<p>Two <em>{link('event', 'events')}</em>, and an Event: event.</p>\n"
        "<p>An event.</p>"
    )


def test_two_words_in_one_text_keep_their_order() -> None:
    assert html("an event, the *one* event loop, its event, and more") == (
        f"<p>an {link('event', 'event')}, the <em>one</em> "
        f"{link('event-loop', 'event loop')}, its event, and more</p>"
    )
    assert html("Event loops have events.") == (
        f"<p>{link('event-loop', 'Event loops')} have {link('event', 'events')}.</p>"
    )


def test_code_headings_and_links_stay_as_they_are() -> None:
    for text in ("# event", "`event`", "[event](x)", "    event", "prevent eventual"):
        assert "term" not in html(text)


def test_what_means_other_things_too_is_not_linked() -> None:
    assert "term" not in html("Send it through the port (Twisted).")


def test_lists_and_tables_are_prose() -> None:
    assert link("event", "event") in html("* an event")
    assert link("event", "event") in html("| a |\n|---|\n| event |")


def test_on_a_site_only_the_glossary_itself_is_left_alone(tmp_path: Path) -> None:
    pages = {
        "docs/words.md": "# Words",
        "docs/more/page.md": "One event.",
        "docs/g.md": GLOSSARY + "\nAn event.\n",
    }
    for name, text in pages.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: x\nstrict: true\nuse_directory_urls: false\ntheme: mkdocs\n"
        "markdown_extensions: [def_list, attr_list]\n"
        "plugins:\n  - walkthroughs:\n      glossary: g.md\n"
    )
    build(load_config(str(tmp_path / "mkdocs.yml")))
    page = (tmp_path / "site" / "more" / "page.html").read_text()
    assert 'One <a class="term" href="../g.html#event">event</a>.' in page
    glossary = (tmp_path / "site" / "g.html").read_text()
    assert 'class="term"' not in glossary
    assert '<dt id="event">event</dt>' in glossary
