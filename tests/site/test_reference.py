"""The pages to look things up in, and those on the book, in a real browser."""

from .every_page import EveryPage, below


class TestReference(EveryPage):
    pages = below("about", "reference")
