"""A laboratory in a process of its own: a question a line in, an answer a line out.

See `messages` for what they are.
"""

import sys

from .experiment import prepare

prepare()

from .worker_messages import answer

for line in sys.stdin:
    sys.__stdout__.write(f"{answer(line)}\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]
