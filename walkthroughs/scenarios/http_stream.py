"""One GET request, answered piece by piece."""

from ..clients import raw as clients
from . import Scenario, expect, http_get


def client(port: int) -> None:
    """Asks for /countdown/ and reads to the end."""
    reply = clients.http(port, clients.request("GET", "/countdown/"))
    expect([part in reply for part in (b"3\n", b"2\n", b"1\n")] == [True] * 3, reply)


scenario = Scenario(
    name="http-stream",
    story="A view answers in three pieces, and each goes out as soon as it is there.",
    application=http_get.scenario.application,
    client=client,
    focus=http_get.scenario.focus,
)
