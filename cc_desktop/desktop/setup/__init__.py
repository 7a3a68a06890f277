"""Puts the way to a gateway and the pages of the settings together."""
