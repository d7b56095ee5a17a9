"""Where recordings and sources meet other tools: MkDocs, Sybil, pytest."""
