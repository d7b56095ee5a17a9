"""A listing in Sphinx: rendered when it is true, and a warning when it is not."""

import subprocess
import sys
from pathlib import Path

PAGE = """\
A page
======

.. callpath::
   :scenario: main-loop
   :server: daphne

   daphne.server.Server.run
   ...
       daphne.http_protocol.HTTPFactory.doStart

.. callpath:: scenario=main-loop server=daphne

   daphne.server.Server.run
   ...
       daphne.http_protocol.HTTPFactory.startFactory
"""


def build(
    folder: Path, page: str, builder: str = "html"
) -> "subprocess.CompletedProcess[str]":
    """Builds a page as anybody would, with warnings as errors."""
    (folder / "conf.py").write_text(
        'project = "A project"\nextensions = ["walkthroughs.adapters.sphinx"]\n'
    )
    (folder / "index.rst").write_text(page)
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", builder, ".", "out"]
    return subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True
    )


def test_a_listing_has_its_picture_and_its_steps(tmp_path: Path) -> None:
    done = build(tmp_path, PAGE)
    assert (done.returncode, done.stderr) == (0, "")
    html = (tmp_path / "out" / "index.html").read_text()
    assert "<svg" in html
    assert 'id="main-loop-daphne-1"' in html
    assert 'id="main-loop-daphne-2-1"' in html
    for asset in ("walkthroughs.css", "walkthroughs.js"):
        assert f"_static/{asset}" in html
        assert (tmp_path / "out" / "_static" / asset).exists()


def test_a_false_listing_fails_with_file_and_line(tmp_path: Path) -> None:
    wrong = PAGE.replace("   ...\n", "", 1)
    done = build(tmp_path, wrong)
    assert done.returncode == 1
    line = wrong.splitlines().index("       daphne.http_protocol.HTTPFactory.doStart")
    assert f"index.rst:{line + 1}: WARNING: between daphne.server" in done.stderr
    assert "    + ..." in done.stderr


def test_a_fence_that_makes_no_sense_fails_with_file_and_line(tmp_path: Path) -> None:
    done = build(tmp_path, PAGE.replace("   :server: daphne\n", ""))
    assert done.returncode == 1
    assert "index.rst:4: WARNING: a callpath fence needs server=NAME" in done.stderr


def test_other_builders_have_the_listing_as_text(tmp_path: Path) -> None:
    done = build(tmp_path, PAGE, "text")
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "out" / "index.txt").read_text()
    assert "daphne.http_protocol.HTTPFactory.doStart" in text
    assert "<svg" not in text
