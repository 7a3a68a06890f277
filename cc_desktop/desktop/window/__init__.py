"""The fleet window."""
