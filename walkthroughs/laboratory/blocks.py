"""Which Python blocks of a page can run in a browser, and why the others cannot.

A block cannot run if it uses what a browser lacks, or a name that such a block defines.
The tests run every block in Pyodide and hold this against what came of it.
"""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..pages.markdown import Fence, fences
from ..pages.snippets import PYTHON

PAGES = (
    "words.md",
    "main-loop.md",
    "daphne-to-django.md",
    "inside-django.md",
    "django-to-daphne.md",
    "streaming.md",
    "when-things-go-wrong.md",
    "browser-to-application.md",
    "applications-to-browser.md",
    "closing.md",
    "several-processes.md",
)
"""The pages of the first part that have Python blocks."""

CHECK = "Check"
"""The title of a block that checks the answer to an exercise."""

PROCESS = "it starts another process"
SOCKET = "it connects to a server in another process"
THREADS = "it needs a second thread"
REDIS = "it needs a Redis server"

LACKING = {
    "running": PROCESS,
    "subprocess": PROCESS,
    "record": PROCESS,
    "recording": PROCESS,
    "HTTPConnection": SOCKET,
    "websocket": SOCKET,
    "websockets.sync.client": SOCKET,
    "Barrier": THREADS,
    "redis": REDIS,
    "redis_server": REDIS,
    "channels_redis": REDIS,
}
"""A name that a browser lacks -> why a block that uses it cannot run."""

DIFFERENT = {
    ("inside-django.md", ">>> there is here, there is again"): THREADS,
    ("inside-django.md", ">>> from django.db import connection"): THREADS,
    ("main-loop.md", "from asgiref.sync import sync_to_async"): THREADS,
}
"""A page, and the first line of a block that would print something else there -> why."""


@dataclass(frozen=True)
class Block:
    """A Python block of a page.

    Args:
        body: its text.
        line: of the page, where its fence begins.
        lacks: why it cannot run in a browser; empty if it can.
        runs: the text that runs there: its imports only, if the block cannot.
        check: whether it checks an answer.
    """

    body: str
    line: int
    lacks: str
    runs: str
    check: bool


def blocks(page: str, text: str) -> list[Block]:
    """Return the Python blocks of a page, in order.

    Args:
        page: its path below the folder of all pages.
        text: its Markdown.
    """
    undefined: dict[str, str] = {}
    found = []
    for fence in fences(text):
        if fence.language not in PYTHON:
            continue
        code = _Code(fence.body)
        first = fence.body.lstrip().partition("\n")[0]
        reasons = [LACKING[each] for each in LACKING if each in code.used]
        reasons += [undefined[each] for each in sorted(code.read) if each in undefined]
        lacks = DIFFERENT.get((page, first)) or (reasons[0] if reasons else "")
        for name in code.bound:
            if lacks:
                undefined[name] = lacks
            else:
                undefined.pop(name, None)
        for name in code.imported:
            undefined.pop(name, None)
        runs = code.imports if lacks else fence.body
        found.append(Block(fence.body, fence.line, lacks, runs, is_check(fence)))
    return found


def is_check(fence: Fence) -> bool:
    """Whether a fence checks the answer to an exercise."""
    return fence.language in PYTHON and fence.options.get("title") == CHECK


def names_of(body: str) -> tuple[set[str], set[str]]:
    """Return the names that a block needs from elsewhere, and those that it binds."""
    code = _Code(body)
    return code.read, code.bound


class _Code:
    """What a block's code does with names.

    Args:
        body: its text, with or without prompts.

    Attributes:
        bound: the names that it binds for later blocks.
        read: the names that it needs from elsewhere.
        used: those, and the modules, members and attributes that it uses.
        imports: the text of its imports of what a browser has.
        imported: the names that those bind.
    """

    def __init__(self, body: str) -> None:
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(_source(body), "<block>", "exec", flags, dont_inherit=True)
        assert isinstance(tree, ast.Module)
        self.bound = {name for each in tree.body for name in _bound(each)}
        kept = [each for each in tree.body if _is_kept(each)]
        self.imports = "".join(f"{ast.unparse(each)}\n" for each in kept)
        self.imported = {name for each in kept for name in _bound(each)}
        every = list(ast.walk(tree))
        own = {each.arg for each in every if isinstance(each, ast.arg)} | self.bound
        loaded = {
            each.id
            for each in every
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
        }
        self.read = loaded - own | {*_updated(tree.body)}
        self.used = self.read | {name for each in every for name in _elsewhere(each)}


def _source(body: str) -> str:
    """Return a block's code without prompts and answers."""
    if not body.lstrip().startswith(">>>"):
        return body
    return "".join(each.source for each in doctest.DocTestParser().get_examples(body))


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top of a block binds there."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    for each in ast.walk(statement):
        if isinstance(each, ast.Import | ast.ImportFrom):
            names = (alias.name.partition(".")[0] for alias in each.names)
            short = (alias.asname for alias in each.names)
            yield from (new or name for new, name in zip(short, names, strict=True))
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id


def _updated(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that `+=` and its like change before a block has bound them."""
    bound: set[str] = set()
    for each in statements:
        if isinstance(each, ast.AugAssign):
            yield from {*_bound(each)} - bound
        bound |= {*_bound(each)}


def _elsewhere(node: ast.AST) -> Iterator[str]:
    """Yield the modules, members and attributes that a node names."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names]
        modules.append(getattr(node, "module", None) or "")
        yield from modules
        yield from (each.partition(".")[0] for each in modules)
    if isinstance(node, ast.Attribute):
        yield node.attr


def _is_kept(statement: ast.stmt) -> bool:
    """Whether a statement imports only what a browser has."""
    imports = isinstance(statement, ast.Import | ast.ImportFrom)
    return imports and not LACKING.keys() & {*_elsewhere(statement)}
