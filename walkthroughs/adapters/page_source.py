"""Give each page a link to its source, and one to what to do about a mistake.

    hooks:
      - walkthroughs/adapters/page_source.py
    extra:
      mistakes: about/tested.md#if-you-find-a-mistake

The source is a copy in the site itself, beside the page: "words.md.txt". So the link works
wherever the site is, and from disk.
"""

from __future__ import annotations

from html import escape

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from walkthroughs.adapters.page_addresses import address


def on_files(files: Files, /, *, config: MkDocsConfig) -> Files:
    """Add a copy of the source of each page to the site."""
    for page in files.documentation_pages():
        if page.abs_src_path:
            name, source = _source(page.src_uri), page.abs_src_path
            files.append(File.generated(config, name, abs_src_path=source))
    return files


def on_page_content(
    html: str, /, *, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Put both links below the page."""
    name, directories = page.file.src_uri, config.use_directory_urls
    mistakes, _, section = str(config.extra["mistakes"]).partition("#")
    report = f"{address(name, directories, mistakes)}#{section}"
    source = address(name, directories, _source(name))
    return (
        f'{html}\n<footer class="page-source" data-search-exclude>'
        f'<p><a href="{escape(source)}">Source of this page</a> '
        f"(<code>docs/{escape(name)}</code>) · "
        f'<a href="{escape(report)}">Report a mistake</a></p></footer>\n'
    )


def _source(page: str) -> str:
    return f"{page}.txt"
