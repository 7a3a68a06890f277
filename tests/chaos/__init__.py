"""Breaks things on purpose, and looks whether the model stays true and the app alive.

`make chaos` runs all of it; `make chaos ARGS=--short` what fits into three minutes.
"""
