"""The front page and a chapter, in a real browser."""

from .every_page import FIRST_LOOK, EveryPage


class TestFirstLook(EveryPage):
    pages = FIRST_LOOK
