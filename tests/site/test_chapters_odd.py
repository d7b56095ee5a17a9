"""The other chapters, in a real browser."""

from .every_page import CHAPTERS, EveryPage


class TestChapters(EveryPage):
    pages = CHAPTERS[1::2]
