"""The conversation with the application before the first request and after the last.

ASGI lifespan 2.0.  One task runs the application for as long as the server lives.
"""

import asyncio
import logging
from enum import Enum
from typing import Any

from .errors import OperatorError, UnexpectedMessage
from .flow import InputQueue
from .scope import LIFESPAN_ASGI
from .types import Application, Message

logger = logging.getLogger(__name__)


class Stage(Enum):
    """Where the conversation stands."""

    STARTING = "startup"
    RUNNING = "nothing is said"
    STOPPING = "shutdown"
    OVER = "the application does not listen"


class Lifespan:
    """The lifespan of one application.

    Args:
        application: the application.
        mode: ``"on"``, ``"off"``, or ``"auto"``: as long as the application takes part.
        loop: the loop it runs on.
    """

    def __init__(
        self, application: Application, mode: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.application = application
        self.mode = mode
        self.loop = loop
        self.state: dict[str, Any] = {}
        self.stage = Stage.OVER
        self.queue = InputQueue(loop, on_wait=self.asked_again)
        self.answered: asyncio.Future[None] = loop.create_future()

    async def startup(self) -> dict[str, Any] | None:
        """Start the application, and wait until it is ready.

        Returns:
            the state its requests get a copy of; None if it has no lifespan.

        Raises:
            OperatorError: if it failed to start, or took no part though it must.
        """
        if self.mode == "off":
            return None
        scope = {"type": "lifespan", "asgi": dict(LIFESPAN_ASGI), "state": self.state}
        self.stage = Stage.STARTING
        self.queue.put_nowait({"type": "lifespan.startup"})
        self.task = self.loop.create_task(self.run_application(scope))
        await self.answered
        return self.state if self.stage is Stage.RUNNING else None

    async def run_application(self, scope: dict[str, Any]) -> None:
        """Call the application; it may raise, to say that it has no lifespan."""
        try:
            await self.application(scope, self.queue.get, self.handle_reply)
        except BaseException as error:
            self.ended(error)
        else:
            self.ended(None)

    def ended(self, error: BaseException | None) -> None:
        """The application has left the conversation."""
        stage, self.stage = self.stage, Stage.OVER
        if stage is Stage.STARTING and self.mode == "on":
            self.answer(OperatorError(f"the application has no lifespan: {error!r}"))
            return
        if error is not None and stage is not Stage.STARTING:
            logger.error("Exception in the application's lifespan", exc_info=error)
        self.answer()

    def asked_again(self) -> None:
        """The application waits for a second event and has not answered the first.

        It does not know what a lifespan is, so in ``auto`` we do not wait for it.
        """
        if self.stage is Stage.STARTING and self.mode == "auto":
            self.stage = Stage.OVER
            self.answer()

    def answer(self, error: Exception | None = None) -> None:
        """End the waiting of `startup` or `shutdown`."""
        if self.answered.done():
            return
        if error is None:
            self.answered.set_result(None)
        else:
            self.answered.set_exception(error)

    async def handle_reply(self, message: Message) -> None:
        """The application's ``send``."""
        kind, stage = message["type"], self.stage
        event = kind.removeprefix(f"lifespan.{stage.value}.")
        if stage not in (Stage.STARTING, Stage.STOPPING) or event not in (
            "complete",
            "failed",
        ):
            raise UnexpectedMessage(stage, kind)
        self.stage = Stage.RUNNING if stage is Stage.STARTING else Stage.OVER
        if event == "complete":
            self.answer()
        else:
            self.stage = Stage.OVER
            self.answer(
                OperatorError(f"{stage.value} failed: {message.get('message', '')}")
            )

    async def shutdown(self) -> None:
        """Tell the application that all requests are done, and wait until it is."""
        if self.stage is Stage.RUNNING:
            self.stage = Stage.STOPPING
            self.answered = self.loop.create_future()
            self.queue.put_nowait({"type": "lifespan.shutdown"})
            try:
                await self.answered
            except OperatorError as error:
                logger.error("Application %s", error)
        if self.mode != "off":
            self.task.cancel()
            await asyncio.wait([self.task])
