"""The limits on size, and the direction of imports."""

import ast
from pathlib import Path

import pytest

from tests.code_lines import code_lines

PACKAGE = Path(__file__).parents[2] / "minidaphne"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES, MOST_IN_A_FILE, MOST_IN_A_FUNCTION = 2000, 250, 40

#: Lower layers first; a module imports from layers below its own, or a helper beside it.
LAYERS = [
    {"errors", "types"},
    {"settings"},
    {"scope", "response", "flow_control", "access", "endpoints", "ws_frames"},
    {"proxy", "lifespan", "connection", "conversation", "ws_handshake"},
    {"http_channel", "ws_protocol"},
    {"http_protocol"},
    {"server"},
    {"cli", "runserver", "apps"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def test_the_package_is_small() -> None:
    sizes = {path.name: len(code_lines(path.read_text())) for path in MODULES}
    assert sum(sizes.values()) <= MOST_LINES
    assert {name: size for name, size in sizes.items() if size > MOST_IN_A_FILE} == {}


def test_functions_are_short() -> None:
    long = []
    for path in MODULES:
        source = path.read_text()
        lines = code_lines(source)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = len(lines & set(range(node.lineno, (node.end_lineno or 0) + 1)))
                if size > MOST_IN_A_FUNCTION:
                    long.append((path.name, node.name, size))
    assert long == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_run_one_way(path: Path) -> None:
    tree, typing = ast.parse(path.read_text()), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            typing |= set(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and node not in typing:
            names = (
                [node.module] if node.module else [alias.name for alias in node.names]
            )
            for name in filter(None, names):
                assert LEVEL[name] < LEVEL[path.stem]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [alias.name for alias in node.names]
            module = getattr(node, "module", None) or names[0]
            foreign = {"walkthroughs", "daphne", "twisted", "autobahn", "uvicorn"}
            assert module.split(".")[0] not in foreign
