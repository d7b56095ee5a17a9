"""Settings of the reader's own site: those of the book's example site, its URLs aside."""

from ..scenarios.mysite.settings import *

ROOT_URLCONF = "experiment"
