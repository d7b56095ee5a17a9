"""Two requests at once on one connection of HTTP/2, the first of them slow."""

from ..clients.http2 import http2
from . import Scenario, expect

OURS = "walkthroughs.scenarios.mysite.report"
CONNECTION = "twisted.web._http2.H2Connection"


def client(port: int) -> None:
    """Ask for a slow report and a style sheet, and see which comes first."""
    replies = http2(port, {":path": "/report/"}, {":path": "/style.css"})
    expect([reply.stream for reply in replies] == [3, 1], replies)


scenario = Scenario(
    name="http2",
    story="A browser asks for a slow page and its style sheet on one HTTP/2 connection.",
    application=f"{OURS}:application",
    client=client,
    focus={
        "daphne": (
            "daphne.http_protocol.HTTPFactory",
            "daphne.http_protocol.WebRequest.process",
            "daphne.http_protocol.WebRequest.handle_reply",
            "daphne.http_protocol.WebRequest.finish",
            "daphne.server.Server.create_application",
            "daphne.server.Server.handle_reply",
            "daphne.server.Server.protocol_connected",
            "daphne.server.Server.protocol_disconnected",
            "twisted.web.http._GenericHTTPChannelProtocol.dataReceived",
            f"{CONNECTION}.connectionMade",
            f"{CONNECTION}.dataReceived",
            f"{CONNECTION}.writeHeaders",
            f"{CONNECTION}.writeDataToStream",
            f"{CONNECTION}.endRequest",
            f"{CONNECTION}._requestReceived",
            f"{CONNECTION}._requestEnded",
            f"{CONNECTION}._sendPrioritisedData",
            "twisted.web._http2.H2Stream.requestComplete",
            OURS,
        )
    },
    options={"tls": True},
)
