"""Small programs that do the things a recorder gets wrong."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any


class Base:
    def __init__(self) -> None:
        self.name = "base"

    def inherited(self) -> str:
        return self.overridden()

    def overridden(self) -> str:
        return "base"

    @classmethod
    def made(cls) -> Base:
        return cls()


class Derived(Base):
    def overridden(self) -> str:
        return super().overridden()


def leaf(value: Any = None) -> Any:
    return value


def calls() -> None:
    thing = Derived.made()
    thing.inherited()
    leaf([leaf() for _ in range(2)])


def raises() -> None:
    raise ValueError("on purpose")


def catches() -> None:
    try:
        raises()
    except ValueError:
        leaf()


def numbers() -> Iterator[int]:
    yield 1
    yield leaf(2)


def iterates() -> None:
    for _ in numbers():
        leaf()


async def pause() -> None:
    await asyncio.sleep(0)


async def awaits() -> None:
    await pause()
    leaf()


async def both() -> None:
    await asyncio.gather(first(), second())


async def first() -> None:
    await pause()
    leaf(1)


async def second() -> None:
    leaf(2)


async def grouped() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())


def slow() -> None:
    # Long enough for the loop to wait: what is done at once needs no way back.
    time.sleep(0.1)


async def to_thread() -> None:
    await asyncio.to_thread(slow)
    leaf(2)


async def in_executor() -> None:
    with ThreadPoolExecutor(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, leaf, 1)


class Patient(ThreadPoolExecutor):
    """Hands work over, and returns when it is done."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future = super().submit(fn, *args, **kwargs)
        wait([future])
        return future


async def in_patient_executor() -> None:
    with Patient(1) as pool:
        await asyncio.get_running_loop().run_in_executor(pool, leaf, 1)
    leaf(2)


def in_thread() -> None:
    thread = Thread(target=leaf, name="worker-1")
    thread.start()
    thread.join()


async def calls_soon() -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(leaf, 1)
    loop.call_later(0.001, finish, done)
    await done


def finish(done: asyncio.Future[None]) -> None:
    done.set_result(None)


async def waits_for_ever() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        leaf()


async def cancels() -> None:
    task = asyncio.create_task(waits_for_ever())
    await pause()
    task.cancel()
    await asyncio.wait([task])


async def ticks() -> AsyncIterator[int]:
    for number in range(2):
        await pause()
        yield number


@asynccontextmanager
async def opened() -> AsyncIterator[None]:
    leaf(1)
    yield
    leaf(2)


async def iterates_and_opens() -> None:
    async with opened():
        async for _ in ticks():
            pass


async def fails_late() -> None:
    await pause()
    raises()


async def in_context() -> None:
    contextvars.copy_context().run(leaf)


class Worker(Thread):
    """A kind of thread of one's own, as libraries have them."""


class Queue(asyncio.Queue[Any]):
    def qsize(self) -> int:  # in focus, but only the recorder calls it
        return super().qsize()
