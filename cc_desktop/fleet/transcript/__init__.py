"""A conversation as it is looked at: its messages, its tool calls, and the run in progress.

Not part of the fleet: it is read while somebody looks at it, and dropped after. Pure.
"""
