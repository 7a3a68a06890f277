"""Colours, type and style of everything on the screen."""
