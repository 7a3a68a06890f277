"""Asking a gateway from a view, without blocking it."""
