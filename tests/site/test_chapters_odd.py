"""The other chapters, in a real browser."""

from .every_page import OTHER_CHAPTERS, EveryPage


class TestChapters(EveryPage):
    pages = OTHER_CHAPTERS[1::2]
