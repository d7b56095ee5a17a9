"""The site, built once, and a real browser to look at it with."""

import fcntl
import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from .every_page import Visit, visit
from .tab import Tab

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The first two for machines without a desktop; the others so that it calls nobody.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Requests are no news here."""


class PackedHandler(QuietHandler):
    """Compresses what it serves."""

    protocol_version = "HTTP/1.1"

    def send_head(self) -> BytesIO | None:
        """Answers with a file, packed; with nothing, if there is no such file."""
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        body = gzip.compress(file.read_bytes())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)


@dataclass(frozen=True)
class Build:
    """What `mkdocs build --strict` made, and what it said."""

    folder: Path
    returncode: int
    output: str


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory, house: Path) -> Build:
    """One strict build of the site, for all processes that share the tests out."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    site, said = folder / "site", folder / "site.log"
    with (folder / "site.lock").open("w") as lock:
        # Whoever comes first builds; the others wait here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            result = subprocess.run(
                [sys.executable, "-P", "-m", "mkdocs", "build", "--strict", "-d", site],
                cwd=house,
                env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            said.write_text(f"{result.returncode}\n{result.stdout}", encoding="utf-8")
    code, _, output = said.read_text(encoding="utf-8").partition("\n")
    return Build(site, int(code), output)


@pytest.fixture(scope="session")
def site(build: Build) -> Path:
    """The folder of the site; a warning spoils no page, and has a test of its own."""
    if not (build.folder / "index.html").exists():
        pytest.fail("there is no site: see why in test_build.py", pytrace=False)
    return build.folder


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The address of the site on a server of this machine, with a slash at the end."""
    with serving(QuietHandler, site) as address:
        yield address


@pytest.fixture(scope="session")
def packed(site: Path) -> Iterator[str]:
    """The same, compressed on its way as web hosts do."""
    with serving(PackedHandler, site) as address:
        yield address


@contextmanager
def serving(kind: type[QuietHandler], folder: Path) -> Iterator[str]:
    """The address of a server for a folder."""
    handler = partial(kind, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of `EveryPage` runs on each of the pages that its class names."""
    if hasattr(metafunc.cls, "pages") and "name" in metafunc.fixturenames:
        metafunc.parametrize("name", metafunc.cls.pages, scope="class")


def find_browser(playwright: Playwright) -> str:
    """The path of a Chromium: the one named, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    own = playwright.chromium.executable_path
    found = [*filter(None, map(shutil.which, BROWSERS)), *([own] * Path(own).exists())]
    if not found:
        pytest.fail(
            "no Chromium to test the site with: install it (Debian: apt-get install "
            "chromium; elsewhere: .venv/bin/playwright install chromium), "
            "or name one in CHROMIUM=...",
            pytrace=False,
        )
    return found[0]


# No longer than this package: Playwright keeps an event loop running meanwhile.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What drives browsers."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> str:
    """The path of a Chromium."""
    return find_browser(playwright)


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """That Chromium, with no window."""
    browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def tab(browser: Browser) -> Tab:
    """The one tab in which all tests look at pages, one after the other."""
    return Tab(browser)


@pytest.fixture(scope="package")
def plain_tab(browser: Browser) -> Tab:
    """A tab without JavaScript."""
    return Tab(browser, javascript=False)


@pytest.fixture(scope="class")
def visited(tab: Tab, served: str, name: str) -> Visit:
    """One visit for all that is asked of a page."""
    return visit(tab, served, name)
