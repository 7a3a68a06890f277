"""One running app: later starts, links, and the way to the front."""
