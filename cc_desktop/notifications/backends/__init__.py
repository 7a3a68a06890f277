"""Backends that show notifications."""
