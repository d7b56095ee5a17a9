"""The program as of a chapter: what the book has printed of it by then, as files that run.

A program that is printed piece by piece cannot run before the last piece, unless
something short stands in for what is missing.  A fence `stand-in MODULE` has such code:

    ```stand-in boxes.lid
    def close(box):
        print("there is no lid yet")
    ```

It is used from its chapter on, and gives way, name by name, as the real pieces are
printed.  Invariants:

* what is printed goes into the files as it is, and nothing else of the program does;
* a stand-in stands for names that the program has and a later chapter prints; what
  else it defines lives as long as they do;
* imports are no chapter's own: a file has those that its code uses, and where they find
  nothing yet, there is a function that says so when it is called.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ..bindings import FUNCTIONS, local
from ..errors import FenceError, TargetError
from ..pages.pages import Pages, pages_of
from ..servers.serving import Running, running
from ..source_locator import Target, find
from .pieces import pieces, snapshot_file
from .printed import book_of

_NOT_PRINTED = '''

def {0}(*arguments, **options):
    """Here so that it can be imported; nobody may need it yet."""
    raise NotImplementedError("{0} is printed in a later chapter")
'''


@dataclass(frozen=True)
class StandIn:
    """A fence `stand-in`.

    Args:
        page: path of its page below the book's folder.
        module: the module that it is for.
        text: its code.
    """

    page: str
    module: str
    text: str


@contextmanager
def running_snapshot(
    server: str, chapter: str, application: str, source: str = "", *arguments: str
) -> Iterator[Running]:
    """Like `running`, but with the server as of the end of a chapter of the book here.

    Raises:
        FenceError: as `snapshot` does.
        RecordingError: it does not listen in time; with its last words.
    """
    with tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder:
        write_snapshot(Path("docs"), chapter, Path(folder))
        own = {"PYTHONPATH": folder}
        with running(server, application, source, *arguments, environment=own) as found:
            yield found


def write_snapshot(docs: Path, chapter: str, folder: Path) -> list[Path]:
    """Write the files of `snapshot` below a folder, and say which.

    Raises:
        FenceError: as `snapshot` does.
    """
    written = []
    for path, text in snapshot(docs, chapter).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    return written


def snapshot(docs: Path, chapter: str) -> dict[str, str]:
    """Return the files of the program as of the end of a chapter: path -> text.

    The program is each package for which something in the book stands in.

    Args:
        docs: the folder of all pages.
        chapter: path of a page below it, "server/listening.md".

    Raises:
        FenceError: the book has no such page, or a stand-in is missing or no Python.
    """
    book = book_of(pages_of(docs))
    if chapter not in book.order:
        known = ", ".join(book.order)
        raise FenceError(f"the book has no chapter {chapter!r}; it has {known}")
    done = {*book.order[: book.order.index(chapter) + 1]}
    standing = [each for page in book.order for each in stand_ins(docs, page)]
    files: dict[str, str] = {}
    for package in sorted({each.module.partition(".")[0] for each in standing}):
        top = find(package).file.parent
        for file in sorted(top.rglob("*.py")):
            path = file.relative_to(top.parent)
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            now = [s.text for s in standing if s.module == module and s.page in done]
            text = snapshot_file(file, book.pages(file), done, now)
            if text or file.name == "__init__.py":
                files[path.as_posix()] = text
    for where, missing in _missing(files):
        files[where] = files.get(where, "") + missing
    return files


def stand_ins(docs: Path, page: str) -> list[StandIn]:
    """Return the stand-ins of a page."""
    return [
        StandIn(page, fence.arguments[0], fence.body)
        for fence in pages_of(docs).fences[page]
        if fence.language == "stand-in" and fence.arguments
    ]


def read_stand_in(
    body: str, options: Mapping[str, str], pages: Pages, page: str
) -> list[str]:
    """Return the chapters that print what a `stand-in` fence stands for.

    Raises:
        FenceError: it is not Python, or names nothing that a later chapter prints.
    """
    module = options.get("target", "")
    if not module or set(options) != {"target"}:
        raise FenceError(
            "a stand-in fence takes the name of a module, and nothing else"
        )
    names = [name for piece in pieces(body, lambda _: True) for name in piece.names()]
    book = book_of(pages)
    later = []
    for target in _targets(module, names):
        here = range(target.first_line, target.last_line + 1)
        printed = book.pages(target.file)
        where = {*chain(*(printed.get(line, ()) for line in here))}
        later.append(max(where, key=book.order.index, default=page))
        if book.order.index(later[-1]) <= book.order.index(page):
            raise FenceError(
                f"a stand-in for {target.name} is unused: no later chapter prints it"
            )
    if not later:  # a script, or nothing at all
        later = sorted({*chain(*book.pages(find(module).file).values())})
        if min(map(book.order.index, later), default=0) <= book.order.index(page):
            raise FenceError(f"it replaces nothing that {module} has")
    return later


def _targets(module: str, names: Iterable[str]) -> Iterator[Target]:
    """Yield those of the names that a module has; the others only help."""
    for name in names:
        with suppress(TargetError):
            target = find(f"{module}.{name}")
            if target.module == module:
                yield target


def _missing(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """List names that files import and no file has: path, and a substitute."""
    found: dict[tuple[str, str], str] = {}
    for path, text in files.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.level:
                folder = Path(path).parents[node.level - 1]
                for alias in node.names:
                    where, name = _place(folder, node.module, alias.name, files)
                    if name not in {"", *_defined(files.get(where, ""))}:
                        found[where, name] = _NOT_PRINTED.format(name)
                    elif where not in files:
                        found[where, name] = ""
    return [(path, text) for (path, _), text in found.items()]


def _place(
    folder: Path, module: str | None, name: str, files: Mapping[str, str]
) -> tuple[str, str]:
    """Return the file that an import leads to, and the name in it; "" for the whole."""
    package = (folder / "__init__.py").as_posix()
    if module is None and name in _defined(files.get(package, "")):
        return package, name
    inside = (module or name).replace(".", "/")
    return (folder / f"{inside}.py").as_posix(), name if module else ""


def _defined(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import) or getattr(node, "module", None):
            assert isinstance(node, (ast.Import, ast.ImportFrom))
            yield from map(local, node.names)
