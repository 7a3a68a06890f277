"""What `cc-desktop status` prints: the schema of its JSON, and the lines of its text."""

from __future__ import annotations

import jsonschema
import pytest

from cc_desktop.about import ExitCode
from cc_desktop.fleet import events as ev
from cc_desktop.fleet import facts
from cc_desktop.fleet.inbox import InboxKind, Severity
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState, Fleet, Origin, Problem, Status
from cc_desktop.fleet.store import Store
from cc_desktop.fleet.summary import summarize
from cc_desktop.text import agents as words
from cc_desktop.text import report
from cc_desktop.text.format import plain
from tests.desktop import sample

NULL = {"type": "null"}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
COUNT = {"type": "integer", "minimum": 0}
COUNT_OR_NULL = {"type": ["integer", "null"]}


def record(**fields: object) -> dict[str, object]:
    """An object with exactly these fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


# The promise to scripts. A field may be added; none is removed, and none changes its meaning.
SCHEMA = record(
    # Where the data comes from. "none": no gateway was reached, and there are no agents.
    source={"enum": ["live", "rest", "demo", "none"]},
    as_of={"type": "integer", "minimum": 0},  # ms since the epoch; 0: no data
    gateways={
        "type": "array",
        "items": record(
            id=TEXT,
            name=TEXT,
            url=TEXT,
            state={"enum": [state.value for state in ConnectionState]},
            protocol=COUNT_OR_NULL,
            server_version=TEXT_OR_NULL,
            error={"anyOf": [NULL, record(code=TEXT, message=TEXT, next_step=TEXT)]},
        ),
    },
    agents={
        "type": "array",
        "items": record(
            gateway=TEXT,
            id=TEXT,
            name=TEXT,
            status={"enum": [status.value for status in Status]},
            task=TEXT_OR_NULL,  # what it does or waits for now
            session_key=TEXT_OR_NULL,  # of the session that the status comes from, or the newest
            model=TEXT_OR_NULL,
            tokens=COUNT_OR_NULL,  # of that session
            context_tokens=COUNT_OR_NULL,  # size of the model's window
            last_activity=COUNT_OR_NULL,  # ms since the epoch, by the gateway's clock
            error=TEXT_OR_NULL,  # why it failed; only with the status "error"
        ),
    },
    devices={
        "type": "array",
        "items": record(
            gateway=TEXT,
            id=TEXT,
            name=TEXT,
            platform=TEXT,
            online={"type": "boolean"},
            since={"type": "integer", "minimum": 0},  # ms since the epoch; 0: unknown
        ),
    },
    # What asks for the operator's attention: what needs somebody first, then the oldest.
    inbox={
        "type": "array",
        "items": record(
            id={"type": "string", "pattern": "^[a-z-]+-[0-9a-f]{10}$"},
            kind={"enum": [kind.value for kind in InboxKind]},
            severity={"enum": [severity.value for severity in Severity]},
            gateway=TEXT,
            agent=TEXT_OR_NULL,
            session_key=TEXT_OR_NULL,
            title=TEXT,
            detail=TEXT_OR_NULL,  # the gateway's own words where it has any
            since=COUNT,  # ms since the epoch, by the local clock
            until=COUNT_OR_NULL,  # when it expires
            seen={"type": "boolean"},
        ),
    },
)


def stores() -> dict[str, Store]:
    return {
        "live": sample.live_store(),
        "demo": sample.demo_store(),
        "last known": sample.last_known_store(),
        "blocked": sample.blocked_store(),
        "many": sample.big_store(50),
        "empty": Store(lambda: sample.NOW),
    }


@pytest.mark.parametrize("name", stores())
def test_the_json_keeps_its_schema(name: str) -> None:
    jsonschema.validate(report.as_json(stores()[name].fleet, sample.NOW), SCHEMA)


def test_the_schema_refuses_what_is_not_in_it() -> None:
    told = report.as_json(sample.live_store().fleet, sample.NOW)
    del told["agents"][0]["task"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, SCHEMA)


def test_the_task_and_the_error_are_those_of_the_window() -> None:
    fleet = sample.live_store().fleet
    told = {agent["id"]: agent for agent in report.as_json(fleet, sample.NOW)["agents"]}

    rex = fleet.agent("studio", "rex")
    assert rex is not None
    assert told["rex"]["error"] == words.why(rex, sample.NOW)
    assert told["otto"]["task"] == "edit: src/fleet/reduce.py"
    assert told["dex"]["task"] == "uname -a && make deploy"
    assert told["bob"]["task"] is None
    assert [agent["id"] for agent in told.values() if agent["error"]] == ["rex"]


def test_the_text_has_the_words_of_the_window() -> None:
    fleet = sample.live_store().fleet
    text = "\n".join(report.as_text(fleet, sample.NOW))

    for gateway in fleet.gateways.values():
        for agent in gateway.agents.values():
            assert f"{words.status_word(agent.status):<9} {plain(agent.shown_name, 18)}" in text
    assert "Approve: uname -a && make deploy" in text
    assert "studio: live (OpenClaw 2026.9.6)" in text
    assert text.startswith("LIVE ")


def test_a_gateway_that_cannot_be_reached_has_its_reason_and_the_next_step() -> None:
    (_, line) = report.as_text(sample.blocked_store().fleet, sample.NOW)

    assert line.startswith("studio: The token is wrong - ")
    assert line.count("The token is wrong") == 1
    assert "Put the gateway's token into Settings" in line


def test_hostile_names_do_not_move_the_lines() -> None:
    store = Store(lambda: sample.NOW)
    store.apply(ev.GatewayAdded("g", "g\x1b[2J\nfake: live", "ws://h/"))
    problem = Problem("x", "t", "m", "n")
    store.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.WAITING, problem=problem)))
    info = ev.AgentInfo("a", "evil\nname\x1b[31m")
    store.apply(ev.Snapshot("g", (info,), (), Origin.LIVE, sample.NOW))

    for line in report.as_text(store.fleet, sample.NOW):
        assert line.isprintable()


def test_the_inbox_tells_what_needs_somebody_and_why() -> None:
    told = report.as_json(sample.live_store().fleet, sample.NOW)["inbox"]
    found = {item["kind"]: (item["title"], item["detail"]) for item in told}
    assert found["approval"] == ("Dex needs your approval", "uname -a && make deploy")
    assert found["failed"][0] == "Rex failed"
    needs_you = [item for item in told if item["severity"] == "needs-you"]
    assert told[: len(needs_you)] == needs_you
    assert [item["since"] for item in needs_you] == sorted(item["since"] for item in needs_you)


def test_the_inbox_without_a_gateway_tells_only_of_gateways() -> None:
    told = report.as_json(sample.last_known_store().fleet, sample.NOW)
    assert told["source"] == "none"
    assert not [item for item in told["inbox"] if item["agent"]]


def test_a_gateway_that_needs_somebody_counts_for_the_exit_code() -> None:
    store = Store(lambda: sample.NOW)
    store.apply(ev.GatewayAdded("g", "Home"))
    store.apply(ev.Snapshot("g", (ev.AgentInfo("a"),), (), Origin.LIVE, sample.NOW))
    assert report.exit_code(store.fleet) is ExitCode.OK
    store.apply(ev.FactTold("g", facts.SignIn("x", "anthropic", "expired")))
    assert summarize(store.fleet).gateway_needs_you == 1
    assert report.exit_code(store.fleet) is ExitCode.NEEDS_YOU


def test_exit_codes() -> None:
    assert report.exit_code(Fleet()) is ExitCode.UNREACHED
    assert report.exit_code(sample.last_known_store().fleet) is ExitCode.UNREACHED
    assert report.exit_code(sample.live_store().fleet) == ExitCode.NEEDS_YOU
