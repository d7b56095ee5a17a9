"""Programs for Node, with the packages that `.ci/package.json` names."""

import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent / ".ci"


def run_node(program: str, *words: str, limit: float = 120) -> str:
    """What a program (an ES module) prints; it may import the packages by name.

    Args:
        program: its text.
        words: `process.argv` from the third on.
        limit: seconds it may take.
    """
    if not shutil.which("node") or not (HOME / "node_modules" / ".installed").exists():
        pytest.fail(
            "no Node, or not the packages that .ci/package.json names: install npm "
            "(Debian: apt-get install nodejs npm), then `make test` installs those",
            pytrace=False,
        )
    # From standard input, so that packages are looked for where it is run.
    command = ["node", "--input-type=module", "-", *words]
    result = subprocess.run(
        command,
        input=program,
        cwd=HOME,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    if result.returncode:
        pytest.fail(f"Node: {result.stderr or result.stdout}", pytrace=False)
    return result.stdout
