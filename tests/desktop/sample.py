"""A fleet to look at, as in the sketches: two gateways, every status, one agent of each trouble."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from cc_desktop.desktop.widgets.app_actions import Actions
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.commands import Command
from cc_desktop.fleet.model import (
    Approval,
    ConnectionInfo,
    ConnectionState,
    Device,
    Origin,
    Problem,
    Session,
)
from cc_desktop.fleet.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.commands import Command

NOW = int(datetime(2026, 11, 18, 14, 25, 0).astimezone().timestamp() * 1000)  # a Wednesday
MIN, HOUR, DAY = 60_000, 3_600_000, 86_400_000

ICONS = "12 icons exported, two need a look at 16 px"

UNREACHABLE = Problem("unreachable", detail="ws://studio.example:18789")
WRONG_TOKEN = Problem("token-mismatch", "AUTH_TOKEN_MISMATCH")


class Clock:
    """Local ms that stand still until somebody moves them."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Asked:
    """Actions that write down what was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.commands: list[Command] = []
        self.actions = Actions(
            reconnect=lambda gateway: self.calls.append(("reconnect", gateway)),
            show_last_known=lambda shown: self.calls.append(("show_last_known", shown)),
            quit=lambda: self.calls.append(("quit",)),
            open_rights=lambda gateway: self.calls.append(("rights", gateway)),
            open_address=lambda address: self.calls.append(("open", address)),
            execute=lambda command: self.execute(command),
        )
        self.execute: Callable[[Command], object] = self.commands.append


def session(agent: str, name: str, **fields: Any) -> Session:
    fields.setdefault("context_tokens", 200_000)
    fields.setdefault("channel", "webchat")
    return Session(key=f"agent:{agent}:{name}", agent_id=agent, **fields)


def done(agent: str, name: str, ended: int, tokens: int, **fields: Any) -> Session:
    fields.setdefault("runtime_ms", 72_000)
    return session(
        agent,
        name,
        status="done",
        updated_at=NOW - ended,
        started_at=NOW - ended - fields["runtime_ms"],
        ended_at=NOW - ended,
        total_tokens=tokens,
        **fields,
    )


def running(agent: str, name: str, started: int, tokens: int, **fields: Any) -> Session:
    return session(
        agent,
        name,
        status="running",
        active=True,
        updated_at=NOW - fields.pop("silent", 2_000),
        started_at=NOW - started,
        total_tokens=tokens,
        **fields,
    )


def studio() -> ev.Snapshot:
    info = ev.AgentInfo
    agents = (
        info("rex", "Rex", "🦖", model="anthropic/opus-5"),
        info("dex", "Dex", "🦊", model="anthropic/sonnet-5"),
        info("otto", "Otto", "🦦", model="anthropic/opus-5"),
        info("pip", "Pip", "🐣", model="anthropic/sonnet-5"),
        info("sketch", "Sketch", "✏️", model="anthropic/sonnet-5"),
        info("norbert", "Norbert", "🚢", model="anthropic/sonnet-5"),
        info("flip", "Flip", "🐬", model="anthropic/sonnet-5"),
    )
    sessions = (
        session(
            "rex",
            "telegram:1",
            label="Fix the login redirect",
            channel="telegram",
            status="failed",
            updated_at=NOW - 4 * MIN,
            started_at=NOW - 5 * MIN - 12_000,
            ended_at=NOW - 4 * MIN,
            runtime_ms=72_000,
            total_tokens=122_000,
            cost_usd=1.84,
            model="anthropic/opus-5",
            error="provider returned a billing error: the API key has run out of credits.",
        ),
        done("rex", "main", HOUR, 18_000, cost_usd=0.21),
        done("rex", "pr", 3 * HOUR, 44_000, label="Review PR 42", channel="discord", cost_usd=0.6),
        running("dex", "main", 6 * MIN, 76_000, label="Deploy the docs", cost_usd=0.31),
        running("otto", "main", 3 * MIN, 88_000, label="Split the reducer", cost_usd=0.92),
        running("pip", "main", 8_000, 24_000, label="Release notes for 1.4", cost_usd=0.05),
        done("sketch", "main", 2 * HOUR, 10_000, cost_usd=0.03, preview=ICONS),
        done("norbert", "main", DAY, 36_000, preview="No open tickets left"),
        done("flip", "main", 4 * DAY, 62_000),
    )
    return ev.Snapshot("studio", agents, sessions, Origin.LIVE, NOW)


def home_lab() -> ev.Snapshot:
    info = ev.AgentInfo
    agents = (
        info("hex", "Hex", "🐙", model="anthropic/haiku-5"),
        info("nano", "Nano", "🤖", model="anthropic/haiku-5"),
        info("bob", "Bob", "🧰", model="anthropic/haiku-5"),
        info("stuart", "Stuart Little-Field", "", model="ollama/qwen3-coder:30b"),
    )
    sessions = (
        running("hex", "main", 40 * MIN, 164_000, label="Nightly tests", silent=12 * MIN),
        running("nano", "main", 41_000, 54_000, label="Read up on trays", cost_usd=0.02),
        done("bob", "main", 3 * HOUR, 18_000, cost_usd=0.04, preview="Backups verified: 31 of 31"),
        done("stuart", "main", DAY, 0),
    )
    return ev.Snapshot("home-lab", agents, sessions, Origin.LIVE, NOW)


def progress(gateway: str, agent: str, doing: str | None, thinking: bool) -> ev.RunProgress:
    key = f"agent:{agent}:main"
    return ev.RunProgress(gateway, agent, key, f"run-{agent}", thinking=thinking, activity=doing)


def live_store(clock: Clock | None = None, *, second: bool = True) -> Store:
    """Both gateways live, every status but offline."""
    clock = clock or Clock()
    store = Store(clock)
    store.apply(ev.GatewayAdded("studio", "studio", "ws://studio.example:18789/"))
    live = ConnectionInfo(
        ConnectionState.LIVE, protocol=4, server_version="2026.9.6", token_place="keyring"
    )
    store.apply(ev.ConnectionChanged("studio", live))
    store.apply(studio())
    store.apply(progress("studio", "otto", "edit: src/fleet/reduce.py", False))
    store.apply(progress("studio", "pip", None, True))
    approval = Approval(
        "a1", "dex", "agent:dex:main", "uname -a && make deploy", NOW - MIN, NOW + 29 * MIN
    )
    store.apply(ev.ApprovalOpened("studio", approval))
    store.apply(ev.DevicesListed("studio", devices("studio")))
    if second:
        store.apply(ev.GatewayAdded("home-lab", "home-lab", "ws://10.0.0.7:18789/"))
        store.apply(ev.ConnectionChanged("home-lab", live))
        store.apply(home_lab())
        store.apply(progress("home-lab", "nano", 'web_search: "qt 6.11 tray wayland"', False))
        before, clock.now = clock.now, clock.now - 12 * MIN
        store.apply(progress("home-lab", "hex", "exec: pytest -q", False))
        clock.now = before
        store.apply(ev.Tick("home-lab"))
        store.apply(ev.DevicesListed("home-lab", devices("home-lab")))
    return store


def may(store: Store, gateway: str, *scopes: str) -> Store:
    """The store in which a gateway lets us do more than read."""
    info = store.fleet.gateways[gateway].connection
    granted = ("operator.read", *scopes)
    store.apply(ev.ConnectionChanged(gateway, replace(info, scopes=granted)))
    return store


def writing_store(clock: Clock | None = None) -> Store:
    """As `live_store`, with the right to send and stop on both gateways."""
    store = live_store(clock)
    return may(may(store, "studio", "operator.write"), "home-lab", "operator.write")


def demo_store(clock: Clock | None = None) -> Store:
    """No gateway can be reached; the last known data is hidden behind the demo."""
    clock = clock or Clock()
    store = Store(clock)
    store.apply(ev.GatewayAdded("real", "studio", "ws://studio.example:18789/"))
    clock.now -= 23 * MIN
    store.apply(ev.Snapshot("real", studio().agents, studio().sessions, Origin.LIVE, 0))
    store.apply(ev.OriginChanged("real", Origin.LAST_KNOWN))
    clock.now += 23 * MIN
    store.apply(ev.ConnectionChanged("real", waiting(8)))
    store.apply(ev.Shown("real", shown=False))
    other = live_store(clock)
    for gateway, name in (("studio", "studio"), ("home-lab", "home-lab")):
        store.apply(ev.GatewayAdded(f"demo-{gateway}", name))
        source = other.fleet.gateways[gateway]
        infos = tuple(
            ev.AgentInfo(agent.id, agent.name, agent.emoji, model=agent.model)
            for agent in source.agents.values()
        )
        rows = tuple(row for agent in source.agents.values() for row in agent.sessions.values())
        store.apply(ev.Snapshot(f"demo-{gateway}", infos, rows, Origin.DEMO, NOW))
        store.apply(ev.DevicesListed(f"demo-{gateway}", devices(gateway)))
    return store


def last_known_store(clock: Clock | None = None) -> Store:
    """One gateway that cannot be reached any more."""
    clock = clock or Clock()
    store = Store(clock)
    clock.now -= 23 * MIN
    store.apply(ev.GatewayAdded("studio", "studio", "ws://studio.example:18789/"))
    store.apply(ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.LIVE)))
    store.apply(studio())
    store.apply(ev.ConnectionChanged("studio", waiting(8)))
    store.apply(ev.OriginChanged("studio", Origin.LAST_KNOWN))
    clock.now += 23 * MIN
    return store


def blocked_store(clock: Clock | None = None) -> Store:
    """The token is wrong, nothing was ever known."""
    store = Store(clock or Clock())
    store.apply(ev.GatewayAdded("studio", "studio", "ws://studio.example:18789/"))
    store.apply(
        ev.ConnectionChanged("studio", ConnectionInfo(ConnectionState.BLOCKED, problem=WRONG_TOKEN))
    )
    return store


def waiting(seconds: int) -> ConnectionInfo:
    return ConnectionInfo(ConnectionState.WAITING, until=NOW + seconds * 1000, problem=UNREACHABLE)


def devices(gateway: str) -> tuple[Device, ...]:
    if gateway == "studio":
        return (
            Device(gateway, "gw", "studio", "linux", "gateway", True, NOW - 3 * DAY),
            Device(gateway, "mac", "Ada's MacBook", "macos", "node", True, NOW - 2 * HOUR),
            Device(gateway, "phone", "Pixel 9", "android", "node", False, NOW - 40 * MIN),
        )
    return (Device(gateway, "gw", "home-lab", "linux", "gateway", True, NOW - 9 * DAY),)


def big_store(count: int, clock: Clock | None = None) -> Store:
    """Many agents, each with a few sessions."""
    store = Store(clock or Clock())
    store.apply(ev.GatewayAdded("big", "big"))
    store.apply(ev.ConnectionChanged("big", ConnectionInfo(ConnectionState.LIVE)))
    agents, sessions = [], []
    for number in range(count):
        name = f"agent{number:04}"
        agents.append(ev.AgentInfo(name, f"Agent {number}", "🤖", model="x/sonnet-5"))
        if number % 5 == 0:
            sessions.append(running(name, "main", number * 1000 + 1000, number * 100))
        else:
            sessions.append(done(name, "main", number * MIN, number * 100))
        sessions.append(done(name, "old", DAY + number * MIN, number * 50))
    store.apply(ev.Snapshot("big", tuple(agents), tuple(sessions), Origin.LIVE, NOW))
    return store


_TEAM = ("Reviewer", "Customer support", "Customer success", "Release manager", "Data pipeline")
_SAID = (
    "Merged 3 of 4, the last one needs a rebase",
    "Answered 12 tickets, two wait for billing",
    "Backups verified: 31 of 31",
    "No open tickets left",
)


def team_store(count: int = 200, clock: Clock | None = None) -> Store:
    """Many agents whose names begin alike, without emoji, as big teams have them."""
    store = Store(clock or Clock())
    for name in ("studio", "home-lab"):
        store.apply(ev.GatewayAdded(name, name, f"ws://{name}.example:18789/"))
        live = ConnectionInfo(ConnectionState.LIVE, protocol=4, server_version="2026.9.6")
        store.apply(ev.ConnectionChanged(name, live))
        may(store, name, "operator.write")
        agents, sessions = [], []
        for number in range(count // 2):
            ident = f"{name}-{number}"
            title = f"{_TEAM[number % len(_TEAM)]} {101 + number}"
            agents.append(ev.AgentInfo(ident, title, "", model="x/sonnet-5"))
            if number % 17 == 3:
                sessions.append(
                    session(
                        ident,
                        "main",
                        status="failed",
                        updated_at=NOW - number * MIN,
                        ended_at=NOW - number * MIN,
                        error="HTTP 529 overloaded_error: Anthropic is overloaded",
                        label="Nightly review",
                        total_tokens=90_000 + number * 1_000,
                    )
                )
            elif number % 6 == 1:
                label = f"Review PR {400 + number}"
                sessions.append(running(ident, "main", number * 9_000, 44_000, label=label))
                sessions.append(
                    running(ident, "sub", 9_000, 900, parent_key=f"agent:{ident}:main", label="sub")
                )
            else:
                words = _SAID[number % len(_SAID)]
                ago = number * 7 * MIN
                sessions.append(
                    done(ident, "main", ago, 20_000, preview=words, cost_usd=number / 90)
                )
        store.apply(ev.Snapshot(name, tuple(agents), tuple(sessions), Origin.LIVE, NOW))
    return store
