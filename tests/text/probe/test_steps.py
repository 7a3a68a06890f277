from __future__ import annotations

from typing import Any

import pytest

from cc_desktop.fleet.model import Problem
from cc_desktop.gateway.failures import FailureKind
from cc_desktop.gateway.probe import Step
from cc_desktop.gateway.probe.readiness import Ready
from cc_desktop.gateway.probe.walk import SKEW_LIMIT_MS
from cc_desktop.text.probe import pending_line, step_line, step_text

FACTS: dict[Step, dict[str, Any]] = {
    Step.NAME: {"host": "studio", "addresses": ["10.0.0.12", "fe80::1"]},
    Step.PORT: {"port": 18789},
    Step.TLS: {"fingerprint": "ab" * 32, "trusted": True, "version": "TLSv1.3"},
    Step.UPGRADE: {"proxy": ""},
    Step.HANDSHAKE: {"release": "2026.9.6", "protocol": 4, "skew_ms": 12},
    Step.RIGHTS: {"scopes": ["operator.read"], "missing": []},
    Step.LIST: {"agents": 11},
}


def test_each_step_has_words_before_and_after() -> None:
    assert set(FACTS) == set(Step)
    lines = [step_line(step, FACTS[step]) for step in Step]
    assert lines == [
        "studio is 10.0.0.12, fe80::1",
        "Port 18789 answers",
        "Encrypted, certificate trusted",
        "It speaks WebSocket",
        "OpenClaw 2026.9.6, protocol 4",
        "This device may watch",
        "11 agents",
    ]
    assert all(pending_line(step) for step in Step)
    assert [step_text(step, FACTS[step]) for step in Step] == [(line, "") for line in lines]


def test_one_agent_and_a_literal_address() -> None:
    assert step_line("list", {"agents": 1}) == "1 agent"
    facts = {"host": "10.0.0.12", "addresses": ["10.0.0.12"]}
    assert step_line("name", facts) == "The address is 10.0.0.12"
    assert step_line("handshake", {"release": "", "protocol": 0}) == "It lets this device in"
    assert "proxy.example:3128" in step_line("upgrade", {"proxy": "proxy.example:3128"})


@pytest.mark.parametrize("kind", FailureKind)
@pytest.mark.parametrize("ready", Ready)
def test_each_failure_says_what_it_is_and_what_to_do(kind: FailureKind, ready: Ready) -> None:
    text = step_text("handshake", {"proxy": "", "ready": ready}, Problem(kind.value))
    assert text.line
    assert text.next_step


def test_a_skew_that_is_told_is_the_one_that_warns() -> None:
    facts = FACTS[Step.HANDSHAKE]
    assert step_text("handshake", {**facts, "skew_ms": SKEW_LIMIT_MS}).next_step == ""
    assert step_text("handshake", {**facts, "skew_ms": SKEW_LIMIT_MS + 1}).next_step


def test_what_a_hostile_gateway_says_drives_no_terminal() -> None:
    facts = {"release": "\x1b[31mred\x07", "protocol": 4}
    assert "\x1b" not in step_line("handshake", facts)
    problem = Problem("rejected", said="\x1b]0;title\x07")
    assert "\x1b" not in step_text("handshake", {"ready": ""}, problem).line
