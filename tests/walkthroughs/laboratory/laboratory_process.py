"""A laboratory in a process of its own, for tests to give experiments to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HELLO = """\
from django.http import HttpResponse
from django.urls import path


async def hello(request):
    return HttpResponse("Hello")


urlpatterns = [path("hello/", hello)]
"""

GET = "GET /hello/ HTTP/1.1\nHost: example.com\nConnection: close\n\n"


class Bench:
    """Asks the laboratory.

    Args:
        process: `python -m walkthroughs.laboratory`.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **asked: Any) -> dict[str, Any]:
        """What it answers; see `walkthroughs.laboratory.worker_messages`."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "the laboratory has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(
        self,
        client: str = GET,
        application: str = HELLO,
        server: str = "daphne",
        **more: Any,
    ) -> dict[str, Any]:
        """What came of an experiment."""
        experiment = {"client": client, "application": application, "server": server}
        return self.ask(do="run", experiment={**experiment, **more})


@contextmanager
def bench() -> Iterator[Bench]:
    """A laboratory that ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "walkthroughs.laboratory"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Bench(process)
        finally:
            process.kill()
