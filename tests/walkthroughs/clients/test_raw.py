"""What the peers of a scenario put on the wire."""

from walkthroughs.clients import request


def test_a_request_asks_to_close_the_connection() -> None:
    assert request("GET", "/a") == (
        b"GET /a HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
    )


def test_a_client_that_keeps_its_connection_does_not_ask_for_its_end() -> None:
    assert request("GET", "/a", keep_alive=True) == (
        b"GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n"
    )


def test_a_body_goes_with_its_length() -> None:
    assert request("POST", "/a", b"four", keep_alive=True) == (
        b"POST /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\nfour"
    )
