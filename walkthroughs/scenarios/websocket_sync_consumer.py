"""A browser opens a WebSocket to a sync consumer, behind the middleware that knows users."""

from websockets.sync.client import connect

from ..clients import raw as clients
from . import Scenario

CHANNELS = (
    "channels.auth.AuthMiddleware.__call__",
    "channels.auth.get_user",
    "channels.consumer.SyncConsumer.dispatch",
    "channels.generic.websocket.WebsocketConsumer",
    "channels.sessions.CookieMiddleware.__call__",
    "channels.sessions.SessionMiddleware.__call__",
    "django.contrib.sessions.backends.db.SessionStore.load",
    "walkthroughs.scenarios.chat.consumers",
)


def client(port: int) -> None:
    """Log in; open /desk with the cookie, send one message, read the answer, close."""
    reply = clients.http(port, clients.request("GET", "/login")).decode()
    cookie = reply.partition("Set-Cookie: ")[2].partition(";")[0]
    with connect(
        f"ws://127.0.0.1:{port}/desk",
        additional_headers={"Cookie": cookie},
        proxy=None,
        compression=None,
    ) as browser:
        browser.send("0")
        browser.recv(clients.TIMEOUT)


scenario = Scenario(
    name="websocket-sync-consumer",
    story="Ada, who is logged in, sends one message to a sync consumer.",
    application="walkthroughs.scenarios.chat.asgi:application",
    client=client,
    focus={
        server: (
            f"{server}.server.Server.create_application",
            f"{server}.server.Server.handle_reply",
            *CHANNELS,
        )
        for server in ("daphne", "minidaphne")
    },
)
