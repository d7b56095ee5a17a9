"""The search finds names in dotted paths, and prose before what was generated."""

import json
from pathlib import Path

import pytest

from tests.node import run_node

PROGRAM = Path(__file__).parent / "search.mjs"
GENERATED = {
    "reference/command-line.html",
    "reference/minidaphne.html",
    "reference/stages.html",
    "reference/twins.html",
    "reference/versions.html",
    "reference/walkthroughs.html",
}
# A query, and a page that has it in its text.
QUERIES = {
    "SynchronousOnlyOperation": "inside-django.html",
    "doRead": "daphne-to-django.html",
    "HTTPFactory": "main-loop.html",
    "application_checker": "answers/no-response.html",
    "create_application": "daphne-to-django.html",
    "CONN_MAX_AGE": "inside-django.html",
    "http.disconnect": "answers/client-leaves.html",
    "backpressure": "streaming.html",
}
# What operators look for, and the page that comes first.
TASKS = {
    "uvicorn vs daphne": "production/choosing.html",
    "gunicorn": "production/choosing.html",
    "performance": "about/measurements.html",
    "sticky sessions": "production/deploying.html",
    "authentication websocket": "production/consumers.html",
    "scope user": "production/consumers.html",
    "max-requests": "production/daphne-issues.html",
    "http2": "production/http2.html",
    "nginx": "production/deploying.html",
    "systemd": "production/deploying.html",
    "ssl": "production/deploying.html",
    "static files": "production/deploying.html",
    "sentry": "production/settings.html",
}


@pytest.fixture(scope="module")
def found(site: Path) -> dict[str, list[str]]:
    """Query -> the pages that the site's own search gives, best first."""
    answer = run_node(PROGRAM.read_text(encoding="utf-8"), str(site), *QUERIES, *TASKS)
    pages: dict[str, list[str]] = json.loads(answer)
    return pages


@pytest.mark.parametrize("query", QUERIES)
def test_a_name_is_found_wherever_it_stands(
    found: dict[str, list[str]], query: str
) -> None:
    assert QUERIES[query] in found[query]


@pytest.mark.parametrize("query", TASKS)
def test_a_task_leads_to_its_page(found: dict[str, list[str]], query: str) -> None:
    assert found[query][0] == TASKS[query]


@pytest.mark.parametrize("query", QUERIES)
def test_what_was_generated_ranks_below_prose(
    found: dict[str, list[str]], query: str
) -> None:
    generated = [page in GENERATED for page in found[query]]
    assert generated == sorted(generated)


def test_every_page_that_has_a_name_in_a_dotted_path_is_found(
    site: Path, found: dict[str, list[str]]
) -> None:
    """`doRead` stands nowhere else than in `twisted.internet.tcp.Server.doRead`."""
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    having = {
        entry["location"].partition("#")[0]
        for entry in index["docs"]
        if ".doRead" in entry["text"]
    }
    assert len(having) > 5
    assert having <= set(found["doRead"])
