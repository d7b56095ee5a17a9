"""Exercises are solved in the page: right answers pass, wrong ones are told why."""

import ast
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from walkthroughs.laboratory.blocks import PAGES, Block, blocks, is_check
from walkthroughs.pages.markdown import fences

from .laboratory_process import Bench, bench

WRONG: dict[tuple[str, str], dict[str, str]] = {
    ("words.md", "async def echo"): {
        "": "The box is still empty.",
        "async def ecko(scope, receive, send):\n    pass\n": (
            "Your answer does not define echo."
        ),
        "async def echo(scope, receive, send:\n": (
            "SyntaxError: '(' was never closed (line 1 of your answer)"
        ),
        "async def echo(scope, receive):\n    pass\n": (
            "TypeError: echo() takes 2 positional arguments but 3 were given"
        ),
        "async def echo(scope, receive, send):\n    pass\n": (
            "The events sent are []."
        ),
        """\
        async def echo(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
        """: "No body was sent.",
        """\
        async def echo(scope, receive, send):
            event = await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": event["body"]})
        """: "The body is b'good ', not b'good morning'.",
        """\
        async def echo(scope, receive, send):
            while True:
                event = await receive()
        """: "Your answer was still waiting when the check gave up.",
        """\
        async def echo(scope, receive, send):
            while True:
                event = await receive()
                body = event["bodies"]
        """: "KeyError: 'bodies' (line 4 of your answer)",
    },
    ("words.md", "counts = {"): {
        "def counted(application):\n    return application\n": (
            "Your answer does not define counts."
        ),
        """\
        counts = {"in": 0, "out": 0}


        def counted(application):
            return application
        """: "The counts are {'in': 0, 'out': 0}, not {'in': 2, 'out': 2}.",
        """\
        counts = {"in": 0, "out": 0}


        def counted(application):
            async def wrapped(scope, receive, send):
                counts["in"] += 1
                await application(scope, receive, send)
                counts["out"] += 1

            return wrapped
        """: "The counts are {'in': 1, 'out': 1}, not {'in': 2, 'out': 2}.",
        """\
        counts = {"in": 0, "out": 0}


        def counted(application):
            async def wrapped(scope, receive, send):
                async def counted_send(event):
                    counts["out"] += 1

                await application(scope, receive, counted_send)

            return wrapped
        """: "Of the two events of the answer, 0 came through.",
    },
    ("when-things-go-wrong.md", "async def view"): {
        "async def view():\n    await pay()\n": (
            "The payment was cancelled with the view."
        ),
        "async def view():\n    asyncio.create_task(pay())\n": (
            "view() is done before pay() is."
        ),
    },
    ("main-loop.md", "def listen"): {
        """\
        def listen(factory):
            endpoint = serverFromString(reactor, "tcp:port=0:interface=127.0.0.1")
            return endpoint.listen(factory)
        """: "<Deferred at",
        """\
        def listen(factory):
            endpoint = serverFromString(reactor, "tcp:port=0:interface=127.0.0.1")
            endpoint.listen(factory)
        """: "None is not a port object.",
        """\
        def listen(factory):
            return reactor.listenTCP(0, factory)
        """: "The socket listens on every address, not on 127.0.0.1.",
    },
    ("daphne-to-django.md", "def target"): {
        "def target(scope):\n    return scope['path']\n": (
            "The client sent b'/caf%C3%A9', and target() returns '/café'."
        ),
        "def target(scope):\n    return scope['raw_path']\n": (
            "The client sent b'/caf%C3%A9?q=%C3%A9', and target() returns b'/caf%C3%A9'."
        ),
        """\
        def target(scope):
            return scope["raw_path"] + b"?" + scope["query_string"]
        """: "The client sent b'/caf%C3%A9', and target() returns b'/caf%C3%A9?'.",
    },
    ("inside-django.md", "import time"): {
        """\
        def measured(get_response):
            async def middleware(request):
                return await get_response(request)

            return middleware
        """: "measured is not marked as async, so Django runs it in a thread.",
        """\
        from django.utils.decorators import async_only_middleware

        @async_only_middleware
        def measured(get_response):
            def middleware(request):
                return get_response(request)

            return middleware
        """: "measured() returns a plain function.",
        """\
        from django.utils.decorators import async_only_middleware

        @async_only_middleware
        def measured(get_response):
            async def middleware(request):
                return get_response(request)

            return middleware
        """: "It returns <coroutine",
        """\
        from django.http import HttpResponse
        from django.utils.decorators import async_only_middleware

        @async_only_middleware
        def measured(get_response):
            async def middleware(request):
                await get_response(request)
                return HttpResponse("mine")

            return middleware
        """: "The body is b'mine'.",
        """\
        from django.utils.decorators import async_only_middleware

        @async_only_middleware
        def measured(get_response):
            async def middleware(request):
                return await get_response(request)

            return middleware
        """: "The response has no header X-Seconds.",
        """\
        from django.utils.decorators import async_only_middleware

        @async_only_middleware
        def measured(get_response):
            async def middleware(request):
                response = await get_response(request)
                response["X-Seconds"] = 0
                return response

            return middleware
        """: "It took 0.05 s, and X-Seconds is 0.",
        """\
        import time

        from django.utils.decorators import async_only_middleware

        @async_only_middleware
        def measured(get_response):
            async def middleware(request):
                begun = time.monotonic()
                response = await get_response(request)
                response["X-Seconds"] = (time.monotonic() - begun) * 1000
                return response

            return middleware
        """: "It took 0.05 s, and X-Seconds is 5",
    },
    ("django-to-daphne.md", "def chunked"): {
        "def chunked(pieces):\n    return b''.join(pieces)\n": (
            "For [b'a', b'b', b'c'] Daphne writes b'1\\r\\na"
        ),
        """\
        def chunked(pieces):
            chunks = [b"%d\\r\\n%b\\r\\n" % (len(piece), piece) for piece in pieces]
            return b"".join(chunks) + b"0\\r\\n\\r\\n"
        """: "For [b'dinner is ready!'] Daphne writes b'10\\r\\n",
        """\
        def chunked(pieces):
            chunks = [b"%x\\r\\n%b\\r\\n" % (len(piece), piece) for piece in pieces]
            return b"".join(chunks) + b"0\\r\\n\\r\\n"
        """: "For [b'a', b'', b'b'] Daphne writes b'1\\r\\na",
    },
    ("streaming.md", "class Patient"): {
        "class Patient(asyncio.Protocol):\n    pass\n": (
            "AttributeError: 'Patient' object has no attribute 'send'"
        ),
        """\
        class Patient(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport

            async def send(self, data):
                self.transport.write(data)
        """: "Nobody has read a byte, but send() has returned.",
        """\
        class Patient(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport
                self.may_write = asyncio.Event()

            def resume_writing(self):
                self.may_write.set()

            async def send(self, data):
                self.transport.write(data)
                await self.may_write.wait()
        """: "Your answer was still waiting when the check gave up.",
        """\
        class Patient(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport

            async def send(self, data):
                if len(data) > 100:
                    self.transport.writes(data)
                self.transport.write(data)
        """: "AttributeError:",
    },
    ("browser-to-application.md", "def frame"): {
        "def frame(text, mask):\n    return text\n": (
            "frame() returns 'good morning', which is not bytes."
        ),
        """\
        def frame(text, mask):
            return bytes([0x81, len(text)]) + mask + text.encode()
        """: "For 'good morning' the header is 81 0c, not 81 8c.",
        """\
        def frame(text, mask):
            return bytes([0x81, 0x80 + len(text)]) + text.encode()
        """: "For 'good morning' the mask is 67 6f 6f 64, not ",
        """\
        def frame(text, mask):
            return bytes([0x81, 0x80 + len(text)]) + mask + text.encode()
        """: "For 'good morning' the masked text is 67 6f 6f 64",
        """\
        def frame(text, mask):
            masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(text.encode()))
            return bytes([0x81, 0x80 + len(text)]) + mask + masked
        """: "For 'Grüezi' the header is 81 86, not 81 87.",
    },
    ("applications-to-browser.md", "async def serve"): {
        "async def serve(layer, channel, handle):\n    pass\n": "serve() has returned.",
        """\
        async def serve(layer, channel, handle):
            while True:
                await handle(await layer.receive(channel))
        """: "Of the messages 0 to 4, [0, 1, 2] were handled.",
        """\
        async def serve(layer, channel, handle):
            while True:
                handle(await layer.receive(channel))
        """: "Of the messages 0 to 4, [] were handled.",
        """\
        async def serve(layer, channel, handle):
            await layer.get(channel)
        """: "AttributeError: 'InMemoryChannelLayer' object has no attribute 'get'",
    },
    ("closing.md", "class WithReason"): {
        "class WithReason(WebSocketProtocol):\n    pass\n": (
            "sendClose was called with [(4000, None)], not [(4000, 'enough')]."
        ),
        """\
        class WithReason(WebSocketProtocol):
            def handle_reply(self, event):
                if event["type"] == "websocket.close":
                    self.sendClose(event["code"], event["reason"])
        """: "Of the message 'good night', [] is sent.",
        """\
        class WithReason(WebSocketProtocol):
            def handle_reply(self, event):
                if event["type"] == "websocket.close":
                    self.sendClose(event.get("code"), event.get("reason"))
                else:
                    super().handle_reply(event)
        """: "A WebSocket that is still connecting can no longer be refused.",
    },
    ("several-processes.md", "class Latest"): {
        "class Latest(asyncio.Queue):\n    pass\n": (
            "Of 0 to 9, a queue of four keeps [0, 1, 2, 3]."
        ),
        """\
        class Latest(asyncio.Queue):
            def put_nowait(self, item):
                while not self.empty():
                    self.get_nowait()
                super().put_nowait(item)
        """: "Of 0 to 9, a queue of four keeps [9].",
    },
}
"""An exercise, by its page and the start of the page's answer -> wrong answer -> words."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Bench]:
    """One laboratory for all exercises."""
    with bench() as found:
        yield found


def exercises(house: Path) -> dict[tuple[str, str], tuple[list[str], Block, Block]]:
    """An exercise -> what runs above it, the page's answer, and the check."""
    found = {}
    for page in PAGES:
        on_page = blocks(page, (house / "docs" / page).read_text(encoding="utf-8"))
        for n, check in enumerate(on_page):
            if check.check:
                answer = on_page[n - 1]
                above = [each.runs for each in on_page[: n - 1] if each.runs.strip()]
                keys = [key for key in WRONG if key[0] == page]
                key = next(
                    (key for key in keys if answer.body.startswith(key[1])),
                    (page, answer.body.partition("\n")[0]),
                )
                found[key] = above, answer, check
    return found


def test_each_exercise_is_known_with_answers_that_are_wrong(house: Path) -> None:
    assert exercises(house).keys() == WRONG.keys()


@pytest.mark.parametrize("key", WRONG, ids=lambda key: f"{key[0]}: {key[1]}")
def test_the_own_answer_of_the_page_is_right(
    lab: Bench, key: tuple[str, str], house: Path
) -> None:
    above, answer, check = exercises(house)[key]
    said = lab.ask(
        do="exercise", page=key[0], bodies=above, answer=answer.body, check=check.body
    )
    assert said == {"output": "", "failed": False}


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        (key, each, words)
        for key, found in WRONG.items()
        for each, words in found.items()
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(
    lab: Bench, key: tuple[str, str], answer: str, words: str, house: Path
) -> None:
    above, _, check = exercises(house)[key]
    said = lab.ask(
        do="exercise",
        page=key[0],
        bodies=above,
        answer=dedent(answer),
        check=check.body,
    )
    assert said["failed"]
    assert said["output"].startswith(words)


def test_what_ran_further_down_does_not_count(lab: Bench, house: Path) -> None:
    above, answer, check = exercises(house)["words.md", "async def echo"]
    whole = [*above, answer.body, check.body]
    assert not lab.ask(do="snippet", page="words.md", bodies=whole)["failed"]
    said = lab.ask(
        do="exercise", page="words.md", bodies=above, answer="1\n", check=check.body
    )
    assert said["output"] == "Your answer does not define echo."


def test_one_answer_leaves_no_name_to_the_next(lab: Bench) -> None:
    check = 'assert mine == 1, "no"\n'
    asked = {"do": "exercise", "page": "p", "bodies": ["x = 1\n"], "check": check}
    assert lab.ask(**asked, answer="mine = x\nprint(mine)\n") == {
        "output": "1",
        "failed": False,
    }
    said = lab.ask(**asked, answer="x\n")
    assert said["output"] == "Your answer does not define mine."


@pytest.mark.parametrize(
    ("answer", "check", "words"),
    [
        ("def f():\n    assert 0\n", "f()\n", "AssertionError"),
        (">>> 1 + 1\n3\n", "1\n", "Expected:\n    3"),
        ("1\n", "raise NameError('hm')\n", "NameError: hm"),
        ("def f():\n    return nothing\n", "f()\n", "NameError: name 'nothing'"),
    ],
)
def test_no_error_is_taken_for_a_right_answer(
    lab: Bench, answer: str, check: str, words: str
) -> None:
    asked = {"do": "exercise", "page": "p", "bodies": ["x = 1\n"]}
    said = lab.ask(**asked, answer=answer, check=check)
    assert said["failed"]
    assert words in said["output"]


def test_each_check_has_words_for_all_it_asserts(house: Path) -> None:
    for _, _, check in exercises(house).values():
        tree = compile(
            check.body,
            "check",
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        asserts = [each for each in ast.walk(tree) if isinstance(each, ast.Assert)]
        assert asserts
        assert all(each.msg for each in asserts)


def test_each_answer_and_its_check_can_be_run_in_a_browser(house: Path) -> None:
    for key, (_, answer, check) in exercises(house).items():
        assert not answer.lacks, key
        assert not check.lacks, key


def test_each_chapter_that_can_run_has_a_check_and_no_other_page(house: Path) -> None:
    docs = house / "docs"
    with_checks = {
        page.relative_to(docs).as_posix()
        for page in docs.rglob("*.md")
        if any(map(is_check, fences(page.read_text(encoding="utf-8"))))
    }
    assert with_checks == {*PAGES}
