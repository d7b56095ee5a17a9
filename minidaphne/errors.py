"""Every error the server raises, split by who is to blame.

`PeerError`: what the client sent; it carries the status the client is to be
answered with.  `ApplicationError`: what the application sent; it is raised into
the application.  `OperatorError`: what the command line or an endpoint string
says.  `ClientDisconnected`: nobody's fault.
"""

from enum import Enum


class MinidaphneError(Exception):
    """The base of all errors of this package."""


class PeerError(MinidaphneError):
    """The client broke the protocol or went past a limit.

    Args:
        status: the HTTP status to answer with (400, 408, 413, 414, 426, 431 ...).
        text: one line for the body of the answer.
        headers: headers the answer must have, such as the versions spoken.
    """

    def __init__(
        self, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers or []


class FrameError(MinidaphneError):
    """The client broke the WebSocket protocol (RFC 6455 section 7.1.7).

    Args:
        code: the close code to fail the connection with (1002, 1007, 1009).
        reason: a few words for the close frame.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class ApplicationError(MinidaphneError, ValueError):
    """The application sent a message that cannot be obeyed.

    A `ValueError`, as Daphne raises for the same mistakes.
    """


class UnexpectedMessage(ApplicationError):
    """The application sent a message that its state does not allow.

    Args:
        state: the state the conversation is in.
        message_type: the message's ``type``.
        text: the words of the error; made from the other two if not given.
    """

    def __init__(self, state: Enum, message_type: object, text: str = "") -> None:
        super().__init__(
            text or f"{message_type!r} is not expected in state {state.name}"
        )
        self.state = state
        self.message_type = message_type


class ClientDisconnected(MinidaphneError, OSError):
    """The application sends to a client that has gone.

    An `OSError`, as the ASGI specification asks for since HTTP version 2.4.
    """


class OperatorError(MinidaphneError):
    """The server was asked for something it cannot do."""
