"""Readers of pages: fences, directives and docstrings."""
