"""walkthroughs: record, check and show the code path of an ASGI application."""
