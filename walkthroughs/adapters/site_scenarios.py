"""Scenarios of a site's own: modules beside `mkdocs.yml`, found and read again.

`paths.py` beside the site's configuration is what a fence calls `paths:note`, from
whatever folder the site is built.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig

from ..errors import WalkthroughError
from ..pages.markdown import fences
from ..scenarios import load


def prepare(config: MkDocsConfig) -> None:
    """Make the site's own modules importable, import them again, and watch them."""
    names = set(_scenarios(Path(config.docs_dir)))
    if not names:
        return
    folder = Path(config.config_file_path or "mkdocs.yml").resolve().parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    # The process that is recorded is another one, with the same environment.
    known = os.environ.get("PYTHONPATH", "")
    if str(folder) not in known.split(os.pathsep):
        paths = [str(folder), *filter(None, [known])]
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    importlib.invalidate_caches()
    for name in names:
        module = sys.modules.get(name.partition(":")[0])
        if module is not None and _is_below(folder, module.__file__):
            del sys.modules[module.__name__]
    for file in sorted({str(each) for name in names for each in _files(name)}):
        if _is_below(folder, file) and file not in config.watch:
            config.watch.append(file)


def _scenarios(docs: Path) -> Iterator[str]:
    """Yield the scenarios that pages name as "module:variable"."""
    for page in docs.rglob("*.md"):
        for fence in fences(page.read_text(encoding="utf-8")):
            name = fence.options.get("scenario", "")
            if fence.language == "callpath" and ":" in name:
                yield name


def _files(scenario: str) -> Iterator[Path]:
    """Yield the file of a scenario, and that or the folder of its application."""
    try:
        application = load(scenario).application
    except WalkthroughError:
        application = scenario  # the fence will say what is wrong
    for module in (scenario, application):
        top = module.partition(":")[0].partition(".")[0]
        with suppress(ImportError, ValueError):  # the fence will say it, too
            spec = importlib.util.find_spec(top)
            if spec and spec.origin:
                path = Path(spec.origin)
                yield path.parent if path.stem == "__init__" else path


def _is_below(folder: Path, file: str | None) -> bool:
    path = Path(file or "")
    return path.is_relative_to(folder) and "site-packages" not in path.parts
