"""The conversation with the application before the first request and after the last.

ASGI lifespan 2.0.  One task runs the application for as long as the server lives.
"""

import asyncio
import logging
from enum import Enum
from typing import Any

from .errors import OperatorError, UnexpectedMessage
from .flow_control import InputQueue
from .types import Application, Loop, Message

logger = logging.getLogger(__name__)


class Stage(Enum):
    """Where the conversation stands."""

    STARTUP = "lifespan.startup"
    SERVING = "nothing is said"
    SHUTDOWN = "lifespan.shutdown"
    OVER = "the application does not listen"


class Lifespan(InputQueue):
    """The lifespan of one application.

    Args:
        application: the application.
        mode: ``"on"``, ``"off"``, or ``"auto"``: if the application supports it.
        loop: the loop it runs on.
    """

    def __init__(self, application: Application, mode: str, loop: Loop) -> None:
        super().__init__(loop)
        self.application = application
        self.mode = mode
        self.task: asyncio.Task[None] | None = None
        self.stage = Stage.OVER
        self.started = False  # whether the application has said so

    async def startup(self, stopped: asyncio.Future[None]) -> dict[str, Any] | None:
        """Start the application, and wait until it is ready.

        Args:
            stopped: ends when the server is to stop, ready or not.

        Returns:
            the state that each request gets a copy of; None without lifespan.

        Raises:
            OperatorError: if it failed to start, or has no lifespan where it must.
        """
        if self.mode == "off":
            return None
        state: dict[str, Any] = {}
        self.task = self.loop.create_task(self.run_application(state))
        answered = self.tell(Stage.STARTUP)
        await asyncio.wait([answered, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not answered.cancel():
            answered.result()
            if self.mode == "on" and not self.started:
                text = "The application does not support lifespan, or failed to start"
                raise OperatorError(text)
        return state if self.started else None

    async def shutdown(self, timeout: float) -> None:
        """Tell the application that all requests are done, and wait until it is.

        Args:
            timeout: seconds that it has for that.
        """
        try:
            if self.stage is Stage.SERVING:
                await asyncio.wait_for(self.tell(Stage.SHUTDOWN), timeout)
        except (OperatorError, TimeoutError) as error:
            logger.error("Lifespan: %s", str(error) or "the application took too long")
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task], timeout=max(timeout, 1))

    def tell(self, stage: Stage) -> asyncio.Future[None]:
        """Put the event of a stage.

        Returns:
            a future that ends with the answer, or with the application.
        """
        self.stage = stage
        self.answered: asyncio.Future[None] = self.loop.create_future()
        self.put_nowait({"type": stage.value})
        return self.answered

    async def run_application(self, state: dict[str, Any]) -> None:
        """Call the application; it may raise at once, to say that it has no lifespan."""
        asgi = {"version": "3.0", "spec_version": "2.0"}
        scope = {"type": "lifespan", "asgi": asgi, "state": state}
        try:
            await self.application(scope, self.get, self.handle_reply)
        except Exception as error:
            level = logging.DEBUG if self.stage is Stage.STARTUP else logging.ERROR
            logger.log(level, "Exception in lifespan: %r", error, exc_info=error)
        self.move_on(Stage.OVER)

    def move_on(self, stage: Stage) -> None:
        """Enter a stage, and wake the code that waits for the end of the last one."""
        self.stage = stage
        if not self.answered.done():
            self.answered.set_result(None)

    def event_wanted(self) -> None:
        """Handle an application that waits again before it has answered.

        It does not support lifespan, so in ``auto`` mode we do not wait for it.
        """
        if self.stage is Stage.STARTUP and self.mode == "auto":
            self.move_on(Stage.OVER)

    async def handle_reply(self, message: Message) -> None:
        """Handle what the application sends."""
        kind, stage = message["type"], self.stage
        if kind == f"{stage.value}.complete":
            self.started = True
            self.move_on(Stage.SERVING if stage is Stage.STARTUP else Stage.OVER)
        elif kind == f"{stage.value}.failed" and not self.answered.done():
            self.stage = Stage.OVER
            text = f"The application sent {kind}: {message.get('message', '')}"
            self.answered.set_exception(OperatorError(text))
        else:
            raise UnexpectedMessage(stage, kind)
