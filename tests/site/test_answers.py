"""The answers, in a real browser."""

from .every_page import EveryPage, below


class TestAnswers(EveryPage):
    pages = below("answers")
