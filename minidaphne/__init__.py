"""minidaphne: Daphne's map, on asyncio."""
