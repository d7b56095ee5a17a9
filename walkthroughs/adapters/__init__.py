"""The book in other tools: site generators and test runners."""
