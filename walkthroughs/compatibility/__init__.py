"""Does the book hold on other versions? Environments, and the matrix."""
