"""A module that cannot be imported, as a reader's own scenarios may be."""

raise ValueError("on purpose")
