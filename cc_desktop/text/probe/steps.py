"""One line for each step to a gateway: what it found, and what to do where it failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.protocol.clean import clean_text
from cc_desktop.text.failures import describe
from cc_desktop.text.format import span
from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cc_desktop.fleet.model import Problem

_LINE = 600  # characters
_SHOWN_SKEW_MS = 120_000  # as `gateway.probe.walk.SKEW_LIMIT_MS`
_PASSED = {
    "name": mark("{host} is {addresses}"),
    "port": mark("Port {port} answers"),
    "tls": mark("Encrypted, certificate trusted"),
    "upgrade": mark("It speaks WebSocket"),
    "handshake": mark("OpenClaw {release}, protocol {protocol}"),
    "rights": mark("This device may watch"),
}
_PENDING = {
    "name": mark("Look up the host"),
    "port": mark("Reach the port"),
    "tls": mark("Check the certificate"),
    "upgrade": mark("Open the connection"),
    "handshake": mark("Sign in"),
    "rights": mark("Check the rights"),
    "list": mark("List the agents"),
}
# What /readyz says where the gateway did not let us in.
_READY = {
    "yes": mark("The gateway itself is up."),
    "not-yet": mark("The gateway itself is up, but not ready to serve."),
}
_NOT_READY = mark("Nothing there says that it is a gateway.")
# Of no use beside these: they say already who answered.
_SAID_BY_GATEWAY = {
    *("token-mismatch", "token-missing", "scope-mismatch", "pairing", "protocol", "starting"),
    *("rate-limited", "device-expired", "device-refused", "no-permission", "rejected"),
    *("insecure", "identity", "internal"),
}


class StepText(NamedTuple):
    """A step in words."""

    line: str  # what it found
    next_step: str  # what to do; "" where all is well


def step_line(step: str, facts: Mapping[str, Any]) -> str:
    """What a step that passed has found."""
    if step == "list":
        return trn("{n} agent", "{n} agents", facts["agents"])
    if step == "name" and facts["addresses"] == [facts["host"]]:
        return tr("The address is {host}", host=facts["host"])
    if step == "upgrade" and facts.get("proxy"):
        return tr("It speaks WebSocket, through the proxy {proxy}", proxy=facts["proxy"])
    if step == "handshake" and not facts["release"]:
        return tr("It lets this device in")
    values = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in facts.items()
    }
    return clean_text(tr(_PASSED[step], **values), _LINE)


def pending_line(step: str) -> str:
    """What a step is about to do."""
    return tr(_PENDING[step])


def step_text(step: str, facts: Mapping[str, Any], problem: Problem | None = None) -> StepText:
    """Put the result of a step into words, whether it passed or failed.

    Args:
        step: A value of `gateway.probe.Step`.
        facts: `StepResult.facts`.
        problem: `StepResult.problem`.
    """
    if problem is not None:
        return _failed(facts, problem)
    line = step_line(step, facts)
    skew_ms = facts.get("skew_ms", 0)
    if step == "handshake" and abs(skew_ms) > _SHOWN_SKEW_MS:
        template = (
            mark("{line}. Its clock is {time} ahead of this computer's")
            if skew_ms > 0
            else mark("{line}. Its clock is {time} behind this computer's")
        )
        line = tr(template, line=line, time=span(abs(skew_ms)))
        return StepText(line, tr("Set the clock of this computer or of the gateway's host."))
    if step == "rights" and facts.get("missing"):
        missing = clean_text(", ".join(facts["missing"]), _LINE)
        line = tr("{line}, but has not been given {missing}", line=line, missing=missing)
        return StepText(line, tr("On the gateway's host, give this device these rights."))
    return StepText(line, "")


def _failed(facts: Mapping[str, Any], problem: Problem) -> StepText:
    told = describe(problem)
    lines, next_step = [told.message], told.next_step
    if facts.get("proxy"):
        lines.append(tr("The way leads through the proxy {proxy}.", proxy=facts["proxy"]))
    if facts.get("fingerprint"):
        shown = fingerprint(facts["fingerprint"])
        lines.append(tr("Its fingerprint (SHA-256) is {shown}.", shown=shown))
    if facts.get("speaks_tls"):
        lines.append(tr("This port expects an encrypted connection."))
        next_step = tr("Write the address with wss:// instead of ws://.")
    if "ready" in facts and problem.kind not in _SAID_BY_GATEWAY:
        lines.append(
            tr(_READY.get(facts["ready"], mark("Nothing there says that it is a gateway.")))
        )
    return StepText(clean_text(" ".join(lines), _LINE), clean_text(next_step, _LINE))


def fingerprint(digest: str) -> str:
    """A SHA-256 digest as `openssl x509 -fingerprint` prints it (AB:CD:…)."""
    return ":".join(re.findall("..", digest.upper()))
