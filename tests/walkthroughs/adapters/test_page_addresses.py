"""Addresses lead from one page of a site to another."""

import pytest

from walkthroughs.adapters.page_addresses import address


@pytest.mark.parametrize(
    ("here", "directories", "page", "wanted"),
    [
        ("a.md", False, "b.md", "b.html"),
        ("x/a.md", False, "b.md", "../b.html"),
        ("x/a.md", False, "y/b.md", "../y/b.html"),
        ("a.md", True, "b.md", "../b/"),
        ("index.md", True, "b.md", "b/"),
        ("a.md", True, "index.md", "../"),
        ("x/index.md", True, "index.md", "../"),
        ("index.md", True, "index.md", "./"),
    ],
)
def test_addresses_lead_from_one_page_to_another(
    here: str, directories: bool, page: str, wanted: str
) -> None:
    assert address(here, directories, page) == wanted
