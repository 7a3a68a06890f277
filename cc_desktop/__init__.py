"""Control Center Desktop: a fleet of agents in the tray, and one click away."""

from __future__ import annotations

__version__ = "0.1.0"
