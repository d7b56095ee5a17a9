"""The example site with Redis."""

from __future__ import annotations

import pytest

from walkthroughs import clients
from walkthroughs.scenarios.redis_push import with_redis
from walkthroughs.servers.serving import QUIET, running

SITE = "walkthroughs.scenarios.mysite.redis_asgi:application"


def test_a_browser_that_hears_nothing_stays_connected() -> None:
    """redis-py gives up after five seconds, unless told, and the consumer raised."""
    with (
        with_redis(),
        running("daphne", SITE, "", *QUIET) as server,
        clients.websocket(server.port, "/ws/room/") as browser,
        pytest.raises(TimeoutError),
    ):
        browser.recv(7)
