"""A tab of a browser, and what goes wrong in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, Page, Request


class Tab:
    """A tab of a browser that is used again: to open one costs more than a visit.

    Args:
        browser: whose it is.
        javascript: whether pages may run scripts.
    """

    def __init__(self, browser: Browser, javascript: bool = True) -> None:
        context = browser.new_context(java_script_enabled=javascript)
        # One test leaves nothing to another.
        context.add_init_script("try { localStorage.clear(); } catch {}")
        self.page = context.new_page()
        self.wrong: list[str] = []
        self.home = ""
        self.page.on("pageerror", lambda error: self.blame(f"error: {error}"))
        self.page.on("requestfailed", lambda each: self.blame(f"failed: {each.url}"))
        self.page.on("console", self.hear)
        self.page.on("request", self.see)

    @contextmanager
    def at(self, home: str) -> Iterator[Page]:
        """The empty tab, wide and light.  What goes wrong on its pages is a failure; a
        request for anything that is not below `home` goes wrong, too."""
        self.leave()
        self.wrong.clear()
        self.home = home
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.emulate_media(
            color_scheme="light", media="screen", reduced_motion="no-preference"
        )
        yield self.page
        assert self.wrong == []

    def leave(self) -> None:
        """Leave the page: what is still under way is given up, which is nobody's fault."""
        before = [*self.wrong]
        self.page.goto("about:blank")
        self.wrong[:] = before

    def blame(self, line: str) -> None:
        self.wrong.append(line)

    def hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.blame(f"console: {said.text}")

    def see(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:", "about:")):
            self.blame(f"foreign: {request.url}")
