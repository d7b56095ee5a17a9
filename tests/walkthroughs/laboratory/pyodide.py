"""A laboratory in Pyodide, under Node, made of what the browser loads."""

import json
import lzma
import tarfile
from pathlib import Path

from tests.node import HOME, run_node
from walkthroughs.laboratory.archive import archive
from walkthroughs.laboratory.runtime import loaded, runtime

PROGRAM = Path(__file__).with_suffix(".mjs")


def what_is_loaded(house: Path) -> dict[str, Path]:
    """The files that a browser loads, by what the worker calls them."""
    cache = house / ".cache" / "laboratory"
    found = runtime(HOME / "node_modules")
    assert found, "the packages that .ci/package.json names are not installed"
    files = loaded(found, archive(cache).path, cache)
    return {name: path for name, (_, path) in files.items()}


def in_pyodide(
    house: Path, folder: Path, code: str, asked: list[dict[str, object]]
) -> tuple[list[object], list[str]]:
    """What the laboratory answers, and what it printed.

    Args:
        house: the folder of the project.
        folder: an empty one, for files.
        code: prepares Python and gives the function that answers.
        asked: the questions.
    """
    files = what_is_loaded(house)
    with tarfile.open(files["library"]) as tar:
        # The first releases of Python 3.11 have no filters, and later ones want one.
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(folder)
    modules, questions = folder / "modules.tar", folder / "questions.json"
    modules.write_bytes(lzma.decompress(files["modules"].read_bytes()))
    questions.write_text(json.dumps(asked), encoding="utf-8")
    program = PROGRAM.read_text(encoding="utf-8")
    lines = run_node(program, str(folder), code, limit=300).splitlines()
    [line] = [each for each in lines if each.startswith("answers ")]
    return json.loads(line.removeprefix("answers ")), lines
