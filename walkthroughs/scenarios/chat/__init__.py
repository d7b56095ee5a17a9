"""A Django site with users, sessions and consumers, for the page "Consumers in depth"."""
