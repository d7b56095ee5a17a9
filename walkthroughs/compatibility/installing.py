"""Make one environment with uv or pip, or raise a one-line error that says why not."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import WalkthroughError

INSTALL_LIMIT = 600
"""Seconds that an installation may take."""


class Uninstallable(WalkthroughError):
    """These versions cannot be installed together on that Python: why, in one line."""


class TooSlow(Uninstallable):
    """An installation took too long, which says nothing about the versions."""


class Unsupported(Uninstallable):
    """These versions do not support that Python; retrying will not help."""


def install(python: Path, folder: Path, words: Sequence[str]) -> dict[str, Any]:
    """Make an environment, and return what is in it.

    Args:
        python: the interpreter that it is made for.
        folder: where it goes.
        words: requirements, as on pip's command line.

    Returns:
        when it was "made", its "python", its "packages", and its "path" for imports.

    Raises:
        Uninstallable: it cannot be made; with what the problem is.
    """
    own = folder / "bin" / "python"
    if not _install_with_uv(python, folder, words):
        pip = [own, "-m", "pip", "--disable-pip-version-check"]
        run_quietly([python, "-m", "venv", "--clear", folder])
        run_quietly([*pip, "install", "--quiet", "--prefer-binary", *words])
    run_quietly([own, "-c", "import twisted.internet.asyncioreactor, daphne.server"])
    found: dict[str, Any] = json.loads(run_quietly([own, "-c", CONTENTS]))
    return {"made": time.time(), **found}


CONTENTS = """\
import json, platform, sys
from importlib.metadata import distributions
packages = sorted({f"{each.name}=={each.version}" for each in distributions()})
number = platform.python_version()
print(json.dumps({"python": number, "packages": packages, "path": sys.path[1:]}))
"""


SOURCE_OPTIONS = re.compile("index|pypi-url|find-links|constraint|binary|pre$|uploaded")
"""Matches the pip options that decide which packages it may install, and from where."""

SECTIONS = ("global", "install", ":env:")
"""The sections of pip's configuration that `pip install` reads."""

UV_VARIABLES = {"constraint": "UV_CONSTRAINT", "index-url": "UV_DEFAULT_INDEX"}
"""pip option -> the environment variable that sets the same thing in uv."""


def _install_with_uv(python: Path, folder: Path, words: Sequence[str]) -> bool:
    """Make an environment with uv, if it is installed.

    It is many times faster than pip.

    Returns:
        False if pip has to do it: uv is not installed, or uv failed (pip's error
        messages are the ones that we can read), or pip is configured in a way that uv
        has no equivalent for.

    Raises:
        TooSlow: it took too long.
    """
    uv = find_uv()
    if uv is None:
        return False
    try:
        # Asked here: the interpreter of a system often has no pip.
        configuration = run_quietly([sys.executable, "-m", "pip", "config", "list"])
        variables = _uv_variables(configuration)
        if variables is None:
            return False
        run_quietly([uv, "venv", "--clear", "--python", python, folder])
        # Use the system's certificates, as pip does, and ignore all uv configuration
        # files.
        variables |= {"UV_SYSTEM_CERTS": "1", "UV_NO_CONFIG": "1"}
        run_quietly([uv, "pip", "install", "--python", folder, *words], variables)
    except TooSlow:
        raise
    except Uninstallable:
        return False
    return True


def _uv_variables(configuration: str) -> dict[str, str] | None:
    """Translate pip's configuration into environment variables for uv.

    Args:
        configuration: lines such as "global.index-url='https://example.com'".

    Returns:
        None if uv has no equivalent.
    """
    variables: dict[str, str] = {}
    for line in configuration.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in SECTIONS and SOURCE_OPTIONS.search(option):
            variable = UV_VARIABLES.get(option)
            # If an option is set twice, only pip knows which value wins.
            if variable is None or variable in variables:
                return None
            variables[variable] = " ".join(str(ast.literal_eval(value)).split())
    return variables


def find_uv() -> Path | None:
    """Return the uv beside this interpreter, else the one on the path, else None."""
    beside, found = Path(sys.executable).with_name("uv"), shutil.which("uv")
    return beside if beside.exists() else Path(found) if found else None


IGNORED = "versions that require a different python version"
"""What pip says if it has looked, and would have found another version on another Python."""


def run_quietly(
    words: Sequence[object], variables: Mapping[str, str] | None = None
) -> str:
    """Return the output of a command, such as pip.

    Args:
        words: the command.
        variables: environment variables to add to those of this process.

    Raises:
        Unsupported: pip found versions for other Pythons only.
        Uninstallable: it fails for any other reason.  Both carry the command's last
            error line.
    """
    try:
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT,
            check=False,
            env={**os.environ, **(variables or {})},
        )
    except subprocess.TimeoutExpired:
        raise TooSlow(f"not done within {INSTALL_LIMIT} seconds") from None
    if done.returncode == 0:
        return done.stdout
    lines = done.stderr.strip().splitlines() or [
        "the command failed without an error message"
    ]
    errors = [line for line in lines if line.startswith("ERROR: ")] or lines
    # Remove this machine's paths.
    words_only = re.sub(r"(?:/[^\s/:]+)+/", "", errors[-1].removeprefix("ERROR: "))
    kind = Unsupported if IGNORED in done.stderr else Uninstallable
    raise kind(words_only.strip())
