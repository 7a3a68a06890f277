"""Tries the way to a gateway step by step and says where it ends."""

from cc_desktop.gateway.probe.result import Found, ProbeTarget, Step, StepResult
from cc_desktop.gateway.probe.walk import probe

__all__ = ["Found", "ProbeTarget", "Step", "StepResult", "probe"]
