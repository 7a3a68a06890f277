"""What an operator does on a gateway: decide, answer, send, stop.

`wire` says what to ask a gateway and what its answer means; `actions` sees each to its end, over a
lost connection too.
"""

from cc_desktop.gateway.actions.actions import Actions, OpenCommands

__all__ = ["Actions", "OpenCommands"]
