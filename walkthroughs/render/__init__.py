"""Shows a recording: as text, pictures, pages and files for other tools."""
