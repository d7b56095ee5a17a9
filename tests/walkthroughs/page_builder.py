"""Pages that tests write: what their checks say, and what MkDocs makes of them."""

from pathlib import Path
from typing import Literal

from mkdocs.commands.build import build
from mkdocs.config import load_config
from sybil.example import SybilFailure

from walkthroughs.adapters.sybil import page_sybil


def failures(folder: Path, text: str) -> list[str]:
    """What running the examples of a page says."""
    page = folder / "page.md"
    page.write_text(text)
    sybil = page_sybil()
    document = sybil.parse(page)
    messages = []
    for example in document.examples():
        try:
            example.evaluate()
        except SybilFailure as failure:
            messages.append(failure.result)
    assert sybil.teardown
    sybil.teardown(document.namespace)
    return messages


def site(folder: Path, page: str, command: Literal["build", "serve"] = "build") -> str:
    """The HTML of a page, on a site built by MkDocs.

    Args:
        folder: where to put the site.
        page: its only page.
        command: what MkDocs was asked to do.
    """
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text(page)
    (folder / "mkdocs.yml").write_text(
        "site_name: A site\n"
        "plugins: [walkthroughs]\n"
        "markdown_extensions: [{pymdownx.tabbed: {alternate_style: true}}]\n"
    )
    config = load_config(str(folder / "mkdocs.yml"))
    config.plugins.on_startup(command=command, dirty=False)
    build(config)
    return (folder / "site" / "index.html").read_text()


def check_fault(folder: Path, page: str, fault: tuple[str, str, str]) -> None:
    """A page with a fault has one failure, which says what it has to say.

    Args:
        folder: where to write the page.
        page: a page without faults.
        fault: what to replace in it, by what, and words of the failure.
    """
    right, wrong, message = fault
    assert right in page
    [failure] = failures(folder, page.replace(right, wrong, 1))
    assert message in failure
