"""What can be asked from a shell: look at the inbox, decide, answer, send, stop.

The same code serves an order in the running app and over a connection of the command's own.
"""
