"""The fleet without a window: the gateways, the demo, commands, and the passing of time."""

from cc_desktop.monitor.fleet_monitor import FleetMonitor
from cc_desktop.monitor.options import MonitorOptions, internal_problem, system_wake_sources

__all__ = ["FleetMonitor", "MonitorOptions", "internal_problem", "system_wake_sources"]
