"""Where a page of a site is, as seen from another one."""

from __future__ import annotations

import posixpath


def address(here: str, directories: bool, page: str) -> str:
    """Give the address of a page as seen from another.

    Args:
        here: path of the page that links, relative to the docs folder.
        directories: whether "words.md" becomes "words/", not "words.html".
        page: path of the page that it links to.
    """
    target, base = _url(page, directories), posixpath.dirname(_url(here, directories))
    relative = posixpath.relpath(target or ".", base or ".")
    return f"{relative}/" if target.endswith("/") or not target else relative


def _url(page: str, directories: bool) -> str:
    stem = page.removesuffix(".md")
    if not directories or page == stem:
        return page if page == stem else f"{stem}.html"
    folder = posixpath.dirname(stem) if posixpath.basename(stem) == "index" else stem
    return f"{folder}/" if folder else ""
