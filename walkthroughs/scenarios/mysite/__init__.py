"""The Django site that the book's walkthroughs run: as small as a real one can be."""
