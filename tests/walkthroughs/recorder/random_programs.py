"""Random small programs of tasks, callbacks, timers and threads.

A program is a tree of operations, made from a seed.  `step` and `around` and their
coroutines are in focus and say what they do to the witness; all the rest is not.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import anyio.to_thread

from tests.walkthroughs.recorder.witness import Witness

Tree = tuple[str, list[Any]]
"""An operation and what belongs to it: for some, lists of operations."""

SYNC = ("step", "around", "plain", "call_soon", "call_later", "thread")
ASYNC = (
    *SYNC,
    "pause",
    "sleep",
    "task",
    "named",
    "gather",
    "group",
    "anyio_group",
    "to_thread",
    "executor",
    "anyio_thread",
    "future",
    "cancel",
    "wait_for",
    "read",
)
BRANCHES = {"gather": 2, "group": 2, "anyio_group": 2}
BELOW_ASYNC = {"around", "plain", "task", "named", "wait_for", "cancel", *BRANCHES}
LEAVES = {"step", "pause", "sleep", "read"}


def program(seed: int) -> list[Tree]:
    """A random program."""
    return _body(random.Random(seed), ASYNC, 3)


def _body(chance: random.Random, kinds: tuple[str, ...], depth: int) -> list[Tree]:
    count = chance.randint(1, 3)
    return [_tree(chance, chance.choice(kinds), kinds, depth) for _ in range(count)]


def _tree(chance: random.Random, kind: str, kinds: tuple[str, ...], depth: int) -> Tree:
    if depth == 0 or kind in LEAVES:
        return (kind if kind in LEAVES else "step", [])
    below = kinds if kind in BELOW_ASYNC else SYNC
    bodies = [_body(chance, below, depth - 1) for _ in range(BRANCHES.get(kind, 1))]
    return (kind, bodies)


numbers = itertools.count()
witness = Witness()


# In focus


def step(number: int) -> None:
    witness.begins(number)
    witness.ends(number)


def around(number: int, running: Running, body: list[Tree]) -> None:
    witness.begins(number)
    running.all(body)
    witness.ends(number)


async def around_async(number: int, running: Running, body: list[Tree]) -> None:
    witness.begins(number)
    await running.all_async(body)
    witness.ends(number)


FOCUS = tuple(f"{__name__}.{each.__name__}" for each in (step, around, around_async))
WATCH = dict.fromkeys(FOCUS, ("number",))


# Not in focus


class Running:
    """One run of a program.

    Args:
        loop: the loop that it runs on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="writer")
        self.left: list[threading.Event] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.names: dict[asyncio.Task[None], str] = {}

    async def main(self, body: list[Tree]) -> None:
        witness.task_begins()
        await self.all_async(body)
        while self.tasks or any(not each.is_set() for each in self.left):
            for task in self.tasks:
                await asyncio.wait([task])
            self.tasks = [each for each in self.tasks if not each.done()]
            await asyncio.sleep(0.001)
        self.pool.shutdown()

    def expected(self, work: Callable[[], None]) -> Callable[[], None]:
        """The work, whose end `main` waits for."""
        done = threading.Event()
        self.left.append(done)

        def run() -> None:
            try:
                work()
            finally:
                done.set()

        return run

    # In a callback or a thread

    def all(self, body: list[Tree]) -> None:
        for kind, bodies in body:
            getattr(self, kind)(*bodies)

    def step(self) -> None:
        step(next(numbers))

    def around(self, body: list[Tree]) -> None:
        around(next(numbers), self, body)

    def plain(self, body: list[Tree]) -> None:
        self.all(body)

    def _here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self.loop
        except RuntimeError:
            return False

    def call_soon(self, body: list[Tree]) -> None:
        call = self.loop.call_soon if self._here() else self.loop.call_soon_threadsafe
        call(self.expected(lambda: self.all(body)))

    def call_later(self, body: list[Tree]) -> None:
        if self._here():
            self.loop.call_later(0.001, self.expected(lambda: self.all(body)))
        else:
            self.call_soon(body)

    def thread(self, body: list[Tree]) -> None:
        work = witness.carried("thread", lambda: self.all(body))
        thread = threading.Thread(target=work, name="worker-1")
        thread.start()
        thread.join()

    # In a task

    async def all_async(self, body: list[Tree]) -> None:
        for kind, bodies in body:
            name = f"{kind}_async"
            if hasattr(self, name):
                await getattr(self, name)(*bodies)
            else:
                getattr(self, kind)(*bodies)

    async def begun(self, body: list[Tree]) -> None:
        witness.task_begins()
        await self.all_async(body)

    async def around_async(self, body: list[Tree]) -> None:
        await around_async(next(numbers), self, body)

    async def plain_async(self, body: list[Tree]) -> None:
        await self.all_async(body)

    async def pause_async(self) -> None:
        await asyncio.sleep(0)

    async def sleep_async(self) -> None:
        await asyncio.sleep(0.001)

    async def task_async(self, body: list[Tree]) -> None:
        self.tasks.append(asyncio.create_task(self.begun(body)))

    async def named_async(self, body: list[Tree]) -> None:
        name = f"named {next(numbers)}"
        task = asyncio.create_task(self.begun(body), name=name)
        self.names[task] = name
        self.tasks.append(task)

    async def gather_async(self, *bodies: list[Tree]) -> None:
        await asyncio.gather(*[self.begun(each) for each in bodies])

    async def group_async(self, *bodies: list[Tree]) -> None:
        async with asyncio.TaskGroup() as group:
            for each in bodies:
                group.create_task(self.begun(each))

    async def anyio_group_async(self, *bodies: list[Tree]) -> None:
        async with anyio.create_task_group() as group:
            for each in bodies:
                group.start_soon(self.begun, each)

    async def to_thread_async(self, body: list[Tree]) -> None:
        await asyncio.to_thread(self.all, body)

    async def executor_async(self, body: list[Tree]) -> None:
        await self.loop.run_in_executor(self.pool, self.all, body)

    async def anyio_thread_async(self, body: list[Tree]) -> None:
        work = witness.carried("executor", lambda: self.all(body))
        await anyio.to_thread.run_sync(work)

    async def future_async(self, body: list[Tree]) -> None:
        future = self.loop.create_future()

        def fire() -> None:
            self.all(body)
            future.set_result(None)

        self.loop.call_soon(self.expected(fire))
        await future

    async def cancel_async(self, body: list[Tree]) -> None:
        task = asyncio.create_task(self._for_ever(body))
        await asyncio.sleep(0)
        task.cancel()
        self.tasks.append(task)

    async def _for_ever(self, body: list[Tree]) -> None:
        witness.task_begins()
        try:
            await self.loop.create_future()
        except asyncio.CancelledError:
            await self.all_async(body)

    async def wait_for_async(self, body: list[Tree]) -> None:
        task = asyncio.create_task(self.begun(body))
        await asyncio.wait_for(task, 10)

    async def read_async(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            self.loop.call_later(0.001, self.expected(lambda: theirs.sendall(b"x")))
            await self.loop.sock_recv(ours, 1)
