"""`make check` and CI run the same steps, each test once."""

import re
import subprocess
from pathlib import Path


def prerequisites(house: Path, target: str) -> list[str]:
    """The steps that a target of the Makefile is made of."""
    text = (house / "Makefile").read_text(encoding="utf-8")
    [found] = re.findall(rf"^{target}:([^#\n]*)", text, re.MULTILINE)
    return [each for each in found.split() if not each.startswith("$")]


def test_ci_runs_what_the_gate_runs(house: Path) -> None:
    text = (house / ".ci" / "run").read_text(encoding="utf-8")
    steps = re.findall(r"^make ([a-z-]+)$", text, re.MULTILINE)
    assert steps == prerequisites(house, "check")


def test_no_test_is_lost_between_the_steps(house: Path) -> None:
    """One step runs what the other leaves out, and what is long has its names right."""
    text = (house / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    [left_out] = re.findall(r"^pages:.*\n\t\$\(PYTEST\)(.*)", text, re.MULTILINE)
    [cover] = re.findall(r"^cover:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    ignored = re.findall(r"--ignore (\S+)", left_out)
    assert ignored == re.findall(r"\$\(PYTEST\) (\S+)", cover) != []
    show = ["make", "--no-print-directory", "--eval", "show: ; @echo $(LONG)", "show"]
    done = subprocess.run(show, cwd=house, capture_output=True, text=True, check=True)
    files = done.stdout.split()
    assert files and [each for each in files if not (house / each).is_file()] == []
