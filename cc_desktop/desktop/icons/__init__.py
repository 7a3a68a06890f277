"""Shapes, glyphs and icons, painted."""
