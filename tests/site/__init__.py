"""The site as its readers have it."""

import pytest

# They hold assertions too, and no test.
pytest.register_assert_rewrite("tests.site.every_page", "tests.site.tab")
