"""Every error the server raises, split by who is to blame.

`PeerError` and `FrameError`: what the client sent.  `ApplicationError`: what the
application sent; raised into it.  `OperatorError`: what the command line or an endpoint
string says.  `ClientDisconnected`: nobody's fault.  Any other exception is a mistake of
the server's own: it is logged with its traceback, and answered with a 500.
"""

from enum import Enum

#: Daphne's words for messages that come too early or too late.
WORDS = {
    "http.response.start": "HTTP response has already been started",
    "http.response.body": "HTTP response has not yet been started but got {}",
    "websocket.send": "Socket has not been accepted, so cannot send over it",
}


class MinidaphneError(Exception):
    """The base of all errors of this package."""


class PeerError(MinidaphneError):
    """The client broke the protocol, or went past a limit.

    Args:
        status: the HTTP status to answer with.
        text: one line for the body of the answer.
        headers: headers the answer must have.
    """

    def __init__(self, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


class FrameError(MinidaphneError):
    """The client broke the WebSocket protocol (RFC 6455 section 7.1.7).

    Args:
        code: the close code to fail the connection with.
        reason: a few words for the close frame.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class ApplicationError(MinidaphneError, ValueError):
    """The application sent a message that cannot be obeyed.

    A `ValueError`, as Daphne raises for the same mistakes.
    """


class UnexpectedMessage(ApplicationError):
    """The application sent a message that is not legal in the present state.

    Args:
        state: the state the conversation is in.
        kind: the message's ``type``.
    """

    def __init__(self, state: Enum, kind: str) -> None:
        words = WORDS.get(kind, "Cannot handle message type {} in state {}")
        super().__init__(words.format(kind, state.name))
        self.state, self.kind = state, kind


class ClientDisconnected(MinidaphneError, OSError):
    """The application sends to a client that has gone.

    An `OSError`, as the ASGI specification asks for since HTTP version 2.4.
    """


class OperatorError(MinidaphneError):
    """The server was asked for something it cannot do."""
