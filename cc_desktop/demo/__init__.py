"""The sample fleet: one more source of the same events."""
