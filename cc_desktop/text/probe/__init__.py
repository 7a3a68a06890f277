"""The words of a test of a gateway, shared by the window and the doctor."""

from cc_desktop.text.probe.steps import StepText, pending_line, step_line, step_text

__all__ = ["StepText", "pending_line", "step_line", "step_text"]
