"""The little language in which an experiment says what its client does."""

import pytest

from walkthroughs.laboratory.client_language import (
    MOST_BYTES,
    Action,
    ClientError,
    parse,
)


def test_lines_are_sent_with_crlf() -> None:
    assert parse("GET / HTTP/1.1\nHost: a\n\n") == [
        Action("open"),
        Action("send", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]


def test_the_last_line_is_sent_as_it_stands() -> None:
    assert parse("GET /\n\nbody")[1].data == b"GET /\r\n\r\nbody"


def test_a_backslash_at_the_end_takes_the_line_end_away() -> None:
    assert parse("one\\\ntwo\n")[1].data == b"onetwo\r\n"


def test_escapes_stand_for_bytes() -> None:
    assert parse(r"a\x00\xffb\n\r\t\\")[1].data == b"a\0\xffb\n\r\t\\"


def test_a_bare_order_ends_a_piece() -> None:
    assert [each.kind for each in parse("one\n---\ntwo")] == [
        "open",
        "send",
        "idle",
        "send",
    ]


def test_a_websocket_sends_a_message_a_line() -> None:
    assert parse("WebSocket /ws/\nhello\n--- close 4000 so long\n") == [
        Action("websocket", text="/ws/"),
        Action("message", text="hello"),
        Action("idle"),
        Action("close", text="so long", number=4000),
    ]


def test_many_bytes_need_no_typing() -> None:
    assert parse("a\n--- zeros 3\n")[2] == Action("send", b"\0\0\0")
    assert parse("WebSocket /\n--- letters 3\n")[1] == Action("message", text="xxx")
    assert parse("WebSocket /\n--- zeros 3\n")[1] == Action("message", b"\0\0\0")


def test_back_leads_to_the_first_connection_and_its_kind() -> None:
    actions = parse("WebSocket /\n--- connection\nGET /\n--- back\nhello\n")
    assert actions[-2] == Action("message", text="hello")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("GET /\n--- dance\n", 2, "no such instruction: 'dance'"),
        ("GET /\n--- wait long\n", 2, "no such instruction"),
        ("GET /\n--- wait 1e9\n", 2, "no such instruction"),
        ("GET /\n--- close 99\n", 2, "between 1000 and 4999"),
        ("a\\q\n", 1, "a backslash must be followed by x"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    text: str, line: int, words: str
) -> None:
    with pytest.raises(ClientError, match=words) as error:
        parse(text)
    assert error.value.line == line


def test_there_is_a_limit() -> None:
    with pytest.raises(ClientError, match="are more than"):
        parse(f"a\n--- zeros {MOST_BYTES}\n--- zeros 1\n")
    with pytest.raises(ClientError, match="more than 20 connections"):
        parse("a\n--- connection\n" * 21)
