"""What Daphne is made of is imported before it, and leaves the reactor to Daphne."""

import subprocess
import sys

from walkthroughs.servers.daphne import MODULES

IMPORTED = "import sys, {}; print(*sorted(sys.modules))"


def test_what_is_imported_before_daphne_makes_no_reactor() -> None:
    code = IMPORTED.format(", ".join(MODULES))
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    modules = made.stdout.split()
    assert {*MODULES} <= {*modules}
    assert "twisted.internet.reactor" not in modules
    assert not [each for each in modules if each.startswith("daphne")]
