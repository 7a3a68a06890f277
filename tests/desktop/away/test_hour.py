"""After an hour's absence, the card says line by line what the ledgers and the model say.

The fleet is the made one of `tests/streams`: frames of six gateways in the form of recordings, with
ledgers, wrong clocks, lost and doubled events, and an outage. What is expected comes from the
script that made it, never from what the app itself remembers.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.desktop.away.desk import LAST_SEEN, AwayDesk, AwayPorts
from cc_desktop.desktop.widgets.view_context import ViewContext
from cc_desktop.text.format import cost
from cc_desktop.text.history.away import AwayKind
from tests.desktop import sample
from tests.fakes.clock import until
from tests.streams.past import FAILURES, Ended, PastLife, PastSite

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.history.absence import AwaySummary

SEEDS = [int(seed) for seed in os.environ.get("CC_STREAM_SEEDS", "1,2").split(",")]
NO_LEDGER = "cellar"
SAME_MS = 1_000  # how far apart the ledger and a row may tell one end
FOUND_OUT_MS = 45_000  # that a gateway is gone, or back


class Back:
    """The operator is back; what the card says."""

    def __init__(self, life: PastLife, look: ThemeManager, kept: dict[str, Any]) -> None:
        self.life = life
        self.opened: list[Any] = []
        context = ViewContext(
            life.store,
            sample.Asked().actions,
            life.clock.now_ms,
            look,
            life.queries,
            life.history,
        )
        ports = AwayPorts(
            kept.get,
            kept.__setitem__,
            lambda agents, words: self.opened.append((agents, words)),
            self.opened.append,
        )
        self.desk = AwayDesk(context, ports)

    async def answered(self) -> AwaySummary:
        await until(lambda: self.asked_all(), "the ledgers")
        found = self.desk.summary()
        assert found is not None
        assert not self.desk.pane.isHidden()
        return found

    def asked_all(self) -> bool:
        ledgers = self.desk._ledgers.values()
        return len(ledgers) == len(self.life.sites) and all(one.is_answered for one in ledgers)

    def line(self, kind: AwayKind) -> tuple[str, str]:
        """Head and detail; ("", "") where there is no such line."""
        found = [one.line for one in self.desk.card.buttons() if one.line.kind is kind]
        assert len(found) <= 1
        return (found[0].head, found[0].detail) if found else ("", "")

    def agents(self, kind: AwayKind) -> set[tuple[str, str]]:
        return {
            agent
            for one in self.desk.card.buttons()
            if one.line.kind is kind
            for agent in one.line.agents
        }


def runs(count: int) -> str:
    return f"{count} run finished" if count == 1 else f"{count} runs finished"


def whose(ends: list[Ended]) -> set[tuple[str, str]]:
    return {(one.gateway, one.agent) for one in ends}


def named(life: PastLife, one: Ended) -> str:
    agent = life.store.fleet.agent(one.gateway, one.agent)
    assert agent is not None
    return agent.shown_name


def compare_with_ledgers(life: PastLife, found: AwaySummary) -> None:
    """Each end that the card counts is a record of its gateway's ledger, and each record counts."""
    since, until_ms = found.absence.since, found.absence.until
    card = Counter(
        (one.gateway, one.session_key, good)
        for good, ends in ((True, found.finished), (False, found.failed))
        for one in ends
    )
    ledger = Counter(
        (site.name, row["sessionKey"], row["status"] == "succeeded")
        for site in life.sites.values()
        if isinstance(site, PastSite) and site.protocol == 4
        for row in site.ledger
        if row["kind"] == "agent_run"
        and row["status"] in ("succeeded", *FAILURES)
        # By the offset that the app measured, as it cannot know another.
        and since
        <= row["occurredAt"] + life.store.fleet.gateways[site.name].clock_offset_ms
        <= until_ms
    )
    of_ledgers = Counter({key: n for key, n in card.items() if key[0] != NO_LEDGER})
    assert of_ledgers == ledger
    assert sum(ledger.values()) > 60


def compare_with_model(life: PastLife, found: AwaySummary) -> None:
    """The newest end of each session is that of its row; a row that ended then is on the card."""
    newest: dict[tuple[str, str], tuple[int, bool]] = {}
    for good, ends in ((True, found.finished), (False, found.failed)):
        for one in ends:
            key = (one.gateway, one.session_key)
            newest[key] = max(newest.get(key, (0, good)), (one.at, good))
    checked = 0
    for gateway in life.store.fleet.shown():
        for agent in gateway.agents.values():
            for key, session in agent.sessions.items():
                at = session.finished_at + gateway.clock_offset_ms
                if not session.finished_at or at < found.absence.since + SAME_MS:
                    continue
                told_at, good = newest[gateway.id, key]
                assert abs(told_at - at) <= SAME_MS, (gateway.id, key)
                assert good is (session.status == "done"), (gateway.id, key)
                checked += 1
    assert checked > 20


async def an_hour(life: PastLife, *, outage: bool) -> None:
    for chapter in range(24):
        life.acts()
        await life.play(75)
        life.acts()
        await life.play(75)
        if outage and chapter == 12:
            await life.outage("ferry", 200)
    await life.check()  # what was lost on the way is known


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
async def test_the_card_after_an_hours_absence_equals_the_ledgers_and_the_model(
    seed: int, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, look: ThemeManager
) -> None:
    life = PastLife(seed)
    life.truth.begin(("drift", NO_LEDGER, "", ""), within_s=10)
    async with life.running(monkeypatch):
        back = Back(life, look, {})
        qtbot.addWidget(back.desk.pane)
        life.acts()
        await life.play(200)  # of this the operator saw all
        await life.check()
        back.desk.set_visible(True)
        assert back.desk.pane.isHidden()
        back.desk.set_visible(False)
        since = life.clock.now_ms()
        await life.pass_time(2)
        await an_hour(life, outage=True)
        back.desk.set_visible(True)
        until_ms = life.clock.now_ms()
        assert until_ms - since >= 3_600_000
        found = await back.answered()

        ended = life.ended(since, until_ms)
        good, bad = [e for e in ended if not e.error], [e for e in ended if e.error]
        print(f"\nseed {seed}: {len(good)} finished, {len(bad)} failed, {found.usd:.2f} USD")
        # Line by line
        head, detail = back.line(AwayKind.FINISHED)
        assert head == runs(len(good))
        assert detail.startswith(named(life, good[0]))
        assert back.agents(AwayKind.FINISHED) == whose(good)
        head, detail = back.line(AwayKind.FAILED)
        assert head == f"{len(bad)} failed"
        assert detail.startswith(named(life, bad[0]))
        assert detail.endswith(f"{len(bad) - 1} more")
        assert back.agents(AwayKind.FAILED) == whose(bad)
        closed = life.closed(since, until_ms)
        decided, expired = ([c for c in closed if c.expired is late] for late in (False, True))
        head, detail = back.line(AwayKind.DECIDED)
        assert head == f"{len(decided)} decided without you"
        assert decided[0].command in detail
        head, detail = back.line(AwayKind.EXPIRED)
        assert head == (f"{len(expired)} expired undecided" if expired else "")
        assert not expired or expired[0].command in detail
        spent = sum(one.usd for one in ended)
        assert back.line(AwayKind.COST)[0] == cost(spent)
        head, _ = back.line(AwayKind.GONE)
        ((name, left, returned),) = life.outages
        assert head.startswith("Ferry was gone ")
        ((gone),) = found.gone
        assert gone.gateway == name
        assert abs(gone.at - left) <= FOUND_OUT_MS
        assert abs(gone.at + gone.lasted_ms - returned) <= FOUND_OUT_MS
        assert back.desk.card.note.text() == (
            "Cellar keeps no ledger: what this app saw itself counts."
        )
        compare_with_ledgers(life, found)
        compare_with_model(life, found)
        # A click shows exactly them.
        for button in back.desk.card.buttons():
            button.click()
        opened = {words: set(agents) for agents, words in back.opened[:2]}
        assert opened == {runs(len(good)): whose(good), f"{len(bad)} failed": whose(bad)}
        back.desk.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
async def test_an_app_that_did_not_run_for_an_hour_tells_what_the_ledgers_tell(
    seed: int, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, look: ThemeManager
) -> None:
    life = PastLife(seed)
    async with life.running(monkeypatch):
        since = life.clock.now_ms()
        await an_hour(life, outage=False)
        until_ms = life.clock.now_ms()
        # The app that made the absence goes on beside it; the new one knows nothing of it.
        async with life.started_again():
            back = Back(life, look, {LAST_SEEN: since})
            qtbot.addWidget(back.desk.pane)
            back.desk.set_visible(True)
            found = await back.answered()
            ended = [e for e in life.ended(since, until_ms) if e.gateway != NO_LEDGER]
            # Without a ledger, the newest run of each session is all that can be known, unless
            # one is in progress.
            busy = life.sites[NO_LEDGER].running
            newest = {
                one.session: one
                for one in reversed(life.ended(since, until_ms))
                if one.gateway == NO_LEDGER and one.session not in busy
            }
            ended += newest.values()
            good, bad = [e for e in ended if not e.error], [e for e in ended if e.error]
            assert back.line(AwayKind.FINISHED)[0] == runs(len(good))
            assert back.agents(AwayKind.FINISHED) == whose(good)
            assert back.line(AwayKind.FAILED)[0] == f"{len(bad)} failed"
            assert back.agents(AwayKind.FAILED) == whose(bad)
            assert back.line(AwayKind.DECIDED) == ("", "")  # no ledger tells of that
            compare_with_ledgers(life, found)
            compare_with_model(life, found)
            back.desk.stop()
