"""Small programs whose threads run at the same time, in an order that a test chooses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Turns:
    """Who may go on next: a letter for each turn."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.changed = threading.Condition()

    def take(self, name: str, act: Callable[[], None]) -> None:
        """Wait for the turn, and act."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.order[:1] == name, 10)
            act()
            self.order = self.order[1:]
            self.changed.notify_all()


def first() -> None:
    pass


def second() -> None:
    pass


def work() -> None:
    pass


def more_work() -> None:
    pass


def end() -> None:
    pass


def view(turns: Turns, name: str) -> None:
    turns.take(name, work)
    turns.take(name, more_work)


async def race(order: str) -> None:
    """Let a thread `t` run while the loop `l` goes on."""
    turns = Turns(order)
    racer = threading.Thread(target=view, args=(turns, "t"), name="racer")
    racer.start()
    turns.take("l", first)
    turns.take("l", second)
    racer.join()
    end()


async def pool(order: str) -> None:
    """Let two threads, `t` and `u`, work for one task that waits for both."""
    turns = Turns(order)
    loop = asyncio.get_running_loop()
    first()
    with ThreadPoolExecutor(2, "pool") as threads:
        works = (loop.run_in_executor(threads, view, turns, each) for each in "tu")
        await asyncio.gather(*works)
    end()


async def handed_over(order: str) -> None:
    """Let a thread work, and wait for it."""
    first()
    await asyncio.to_thread(view, Turns(order), "t")
    end()


async def relayed(order: str) -> None:
    """Let a task that no listing has hand over one work after the other."""

    async def relay() -> None:
        await asyncio.to_thread(work)
        await asyncio.to_thread(more_work)

    first()
    await asyncio.create_task(relay())
    end()


async def woken(order: str) -> None:
    """Let a thread `t` wake a task while the loop `l` goes on with another."""
    loop = asyncio.get_running_loop()
    arrived, collected = asyncio.Event(), threading.Event()
    free = threading.Event()

    async def collect() -> None:
        await arrived.wait()
        work()
        more_work()
        collected.set()

    async def others() -> None:
        first()
        while order == "tl" and not collected.is_set():
            await asyncio.sleep(0)
        second()
        free.set()

    def wake() -> None:
        assert order == "tl" or free.wait(10)
        loop.call_soon_threadsafe(arrived.set)

    thread = threading.Thread(target=wake, name="waker")
    tasks = [asyncio.create_task(each()) for each in (collect, others)]
    await asyncio.sleep(0)
    thread.start()
    await asyncio.gather(*tasks)
    thread.join()
    end()
