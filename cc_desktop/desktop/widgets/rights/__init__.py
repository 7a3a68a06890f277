"""Asking for a right in place, and commands that approve it."""
