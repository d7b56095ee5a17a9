"""What operators read, in a real browser."""

from .every_page import EveryPage, below


class TestProduction(EveryPage):
    pages = below("production")
