"""What is offered for a problem, and the commands that people paste into a shell."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.model import Problem
from cc_desktop.text.connect.next_step import Remedy, command_for, remedies, tunnel_command
from cc_desktop.text.failures import KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_reconnecting_is_always_offered_last(kind: str) -> None:
    offered = [remedy for remedy, _ in remedies(Problem(kind))]
    assert offered[-1] is Remedy.RECONNECT
    assert len(set(offered)) == len(offered)
    assert (Remedy.COPY in offered) is bool(command_for(Problem(kind)))


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("ws://studio:18789/", "ssh -N -L 18789:localhost:18789 studio"),
        ("studio.example:4000", "ssh -N -L 4000:localhost:4000 studio.example"),
        ("ws://[fe80::1]:18789/", "ssh -N -L 18789:localhost:18789 fe80::1"),
        ("ws://-oProxyCommand=x:1/", ""),
        ("ws://a;reboot/", ""),
        ("ws://$(id)/", ""),
        ("", ""),
    ],
)
def test_a_tunnel_never_carries_more_than_a_host(url: str, command: str) -> None:
    assert tunnel_command(url) == command
