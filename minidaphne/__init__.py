"""minidaphne: an ASGI server with Daphne's classes and methods, on asyncio."""
