"""Messages and stops on real gateways: over restarts, over cut connections, and all at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.commands import (
    CommandPhase,
    CommandState,
    ResolveApproval,
    SendMessage,
    StopAll,
    StopRun,
)
from cc_desktop.fleet.model import Status
from tests.lab.act import (
    arrivals,
    arrives_once,
    asking_gateways,
    messages_of,
    operating,
    other_client,
)
from tests.lab.conftest import VERSIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.lab.openclaw import RealGateway, Sender

MAIN = "agent:otto:main"

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def both(
    lab: Lab, model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    with asking_gateways(lab, model, tmp_path_factory) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def gateway(request: pytest.FixtureRequest, both: dict[str, RealGateway]) -> RealGateway:
    return both[request.param]


@pytest.fixture(autouse=True)
async def nothing_held(model: MockModel) -> None:
    """Whatever another test has left."""
    while model.held_count:
        model.release()
        await asyncio.sleep(0.2)


async def settles(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - the model has no events
            await asyncio.sleep(0.05)


async def let_go(model: MockModel, other: Sender, agent: str) -> None:
    """Until nothing runs: 2026.9.6 takes up a run that a kill has interrupted."""
    idle = asyncio.create_task(other.wait_idle(agent))
    while not idle.done():
        model.release()
        await asyncio.wait({idle}, timeout=0.3)
    await idle


class Way:
    """A way to a gateway that can lose what is on it, in one direction, and be cut.

    Attributes:
        url: Where it begins.
        loses: "answers" or "requests" are lost from now on; "": nothing is.
    """

    def __init__(self) -> None:
        self.url = ""
        self.loses = ""
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Drop all connections; the next ones lose nothing."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self.loses = ""

    async def _pump(
        self, kind: str, source: asyncio.StreamReader, drain: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                if self.loses != kind:
                    drain.write(data)
                    await drain.drain()
        drain.close()

    @contextlib.asynccontextmanager
    async def to(self, port: int) -> AsyncIterator[Way]:
        """Open it."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            self._writers.update((writer, inner_writer))
            for kind, source, drain in (
                ("requests", reader, inner_writer),
                ("answers", inner_reader, writer),
            ):
                self._pumps.add(asyncio.create_task(self._pump(kind, source, drain)))

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._pumps, return_exceptions=True)


async def test_a_message_arrives_once(gateway: RealGateway, tmp_path: Path) -> None:
    async with operating(tmp_path, g=gateway) as operator, other_client(gateway.url) as other:
        ended = await operator.carried_out(
            SendMessage("g", "dex", "agent:dex:main", "say: only once")
        )
        assert ended.phase is CommandPhase.DONE
        await arrives_once(other, "dex", "only once")


@pytest.mark.parametrize("lost", ["answers", "requests"])
async def test_what_was_not_known_after_a_cut_is_known_after_it(
    gateway: RealGateway, model: MockModel, tmp_path: Path, lost: str
) -> None:
    """The connection is cut between the request and its answer, or before the request arrives."""
    async with (
        Way().to(gateway.port) as way,
        other_client(gateway.url) as other,
        operating(tmp_path, g=way.url) as operator,
    ):
        link = operator.monitor.supervisors["g"]

        async def over_a_cut(command: Any, arrived: Any) -> CommandState:
            way.loses = lost
            ident = operator.monitor.execute(command)
            if lost == "answers":
                async with asyncio.timeout(20):
                    while not await arrived():  # noqa: ASYNC110 - asked of the gateway
                        await asyncio.sleep(0.1)
            else:
                await asyncio.sleep(0.3)  # whatever is sent meanwhile is lost
            assert operator.state(ident).phase is CommandPhase.PENDING
            way.cut()
            await operator.until(lambda: not link.is_live)
            print(operator.state(ident).phase, operator.state(ident).reason)
            assert operator.state(ident).phase is CommandPhase.UNKNOWN, operator.state(ident)
            link.reconnect_now()
            return await operator.end_of(ident)

        before = operator.monitor.now_ms()
        text = f"say: cut {lost} {before}"

        async def message_there() -> bool:
            return await arrivals(other, "otto", text) > 0

        sent = await over_a_cut(SendMessage("g", "otto", "agent:otto:main", text), message_there)
        await other.wait_idle("otto")
        assert await arrivals(other, "otto", text) == (lost == "answers")

        await operator.live()
        await operator.say("rex", "run: echo cut")
        await operator.until(lambda: bool(operator.asked("rex")))
        [approval] = operator.asked("rex")

        async def approval_gone() -> bool:
            rows = await other.request("exec.approval.list")
            return approval not in {row["id"] for row in rows}

        denied = await over_a_cut(ResolveApproval("g", "rex", approval, "deny"), approval_gone)

        await operator.live()
        if not await approval_gone():
            await operator.carried_out(ResolveApproval("g", "rex", approval, "deny"))
        held = model.held_count
        await operator.say("dex", "hold: to be stopped")
        await asyncio.to_thread(model.wait_held, held + 1)
        await operator.until(lambda: bool(operator.agent("dex").heard))

        async def stopped() -> bool:
            return model.held_count == held

        stop = await over_a_cut(StopRun("g", "dex", "agent:dex:main"), stopped)
        if lost == "requests":
            assert model.held_count == held + 1
            model.release()
        print(gateway.version, lost, [(s.phase, s.reason) for s in (sent, denied, stop)])
        for state in (sent, denied, stop):
            if lost == "answers":
                assert state.phase is CommandPhase.DONE, state
            else:
                assert (state.phase, state.reason) == (CommandPhase.REFUSED, "not-arrived")
        await other.wait_idle("dex")


async def test_a_message_while_the_gateway_restarts_arrives_once_or_is_told_as_not_sent(
    gateway: RealGateway, tmp_path: Path
) -> None:
    async with operating(tmp_path, g=gateway) as operator:
        link = operator.monitor.supervisors["g"]
        restart = asyncio.create_task(asyncio.to_thread(gateway.restart))
        sent: dict[str, str] = {}
        number = 0
        while not restart.done():
            text = f"say: restart {number} of it"
            sent[text] = operator.monitor.execute(SendMessage("g", "rex", "agent:rex:main", text))
            number += 1
            await asyncio.sleep(0.05 if number < 8 else 0.5)
        await restart
        link.reconnect_now()
        await operator.live()
        for ident in sent.values():
            await operator.end_of(ident)
        async with other_client(gateway.url) as other:
            ends = {text: operator.state(ident) for text, ident in sent.items()}
            for text, state in ends.items():
                if state.phase is CommandPhase.DONE:
                    await arrives_once(other, "rex", text)
            await other.wait_idle("rex")
            told = await messages_of(other, "rex")
        counts: dict[str, int] = {}
        for state in ends.values():
            key = f"{state.phase} {state.reason}"
            counts[key] = counts.get(key, 0) + 1
        print(gateway.version, counts, [s.said for s in ends.values() if s.said][:3])
        found = {text: sum(text in message for message in told) for text in ends}
        wrong = {
            text: (state.phase, state.reason, state.said, found[text])
            for text, state in ends.items()
            if found[text] != (state.phase is CommandPhase.DONE)
        }
        assert not wrong, wrong


async def test_messages_that_the_gateway_took_are_looked_for_after_it_was_killed(
    gateway: RealGateway, model: MockModel, tmp_path: Path
) -> None:
    """They wait behind a run. 2026.5.7 forgets them then; whatever it does, the app knows."""
    async with operating(tmp_path, g=gateway) as operator:
        held = model.held_count
        await operator.say("otto", "hold: until it is killed")
        await asyncio.to_thread(model.wait_held, held + 1)
        texts = [f"say: taken {number} {operator.monitor.now_ms()}" for number in range(2)]
        idents = [await operator.say("otto", text) for text in texts]
        await asyncio.to_thread(gateway.kill)
        await asyncio.to_thread(gateway.start)
        operator.monitor.supervisors["g"].reconnect_now()
        await operator.live()
        async with other_client(gateway.url) as other:
            there = [await arrivals(other, "otto", text) for text in texts]
            wanted = [CommandPhase.DONE if n else CommandPhase.REFUSED for n in there]
            phases = [operator.state(ident).phase for ident in idents]
            await operator.until(
                lambda: [operator.state(ident).phase for ident in idents] == wanted
            )
            print(gateway.version, there, phases, [operator.state(i).reason for i in idents])
            await let_go(model, other, "otto")
            assert [await arrivals(other, "otto", text) for text in texts] == there


async def test_runs_are_stopped_whoever_started_them(
    gateway: RealGateway, model: MockModel, tmp_path: Path
) -> None:
    async with operating(tmp_path, g=gateway) as operator, other_client(gateway.url) as other:
        held = model.held_count
        own = await operator.say("otto", "hold: mine")
        await other.send("rex", "hold: theirs")
        await asyncio.to_thread(model.wait_held, held + 2)
        await operator.until(lambda: all(operator.agent(one).heard for one in ("otto", "rex")))
        stopped_at = operator.monitor.now_ms()
        mine = await operator.carried_out(StopRun("g", "otto", MAIN, own))
        assert mine.phase is CommandPhase.DONE, mine
        await operator.until(
            lambda: operator.agent("otto").sessions[MAIN].finished_at >= stopped_at
        )
        assert operator.status("otto") is Status.IDLE  # it did not fail
        theirs = await operator.carried_out(StopRun("g", "rex", "agent:rex:main"))
        print(gateway.version, "theirs:", theirs.phase, theirs.reason, theirs.said)
        if theirs.phase is CommandPhase.REFUSED:
            assert theirs.reason == "not-owner"
            await settles(lambda: model.held_count == held + 1)
            model.release()
        await other.wait_idle("rex")
        await operator.until(lambda: not operator.agent("rex").heard)
        again = await operator.carried_out(StopRun("g", "otto", MAIN))
        assert (again.phase, again.reason) == (CommandPhase.REFUSED, "not-running")


async def test_all_runs_on_two_gateways_are_stopped_with_a_report_for_each(
    both: dict[str, RealGateway], model: MockModel, tmp_path: Path
) -> None:
    old, new = both["2026.5.7"], both["2026.9.6"]
    async with operating(tmp_path, old=old, new=new) as operator:
        held = model.held_count
        runs = [("old", "otto"), ("new", "otto"), ("new", "rex")]
        for gateway, agent in runs:
            await operator.say(agent, "hold: until it is stopped", gateway)
        await asyncio.to_thread(model.wait_held, held + 3)
        async with other_client(old.url) as other:
            await other.send("dex", "hold: theirs")
            await asyncio.to_thread(model.wait_held, held + 4)
            every = [*runs, ("old", "dex")]
            await operator.until(lambda: all(operator.agent(a, g).heard for g, a in every))
            began = time.monotonic()
            batch = operator.monitor.execute(StopAll())

            def reports() -> dict[tuple[str, str], CommandState]:
                return {
                    (name, state.command.agent): state
                    for name, one in operator.monitor.store.fleet.gateways.items()
                    for state in one.commands.values()
                    if isinstance(state.command, StopRun) and state.command.batch == batch
                }

            assert set(reports()) == set(every)
            await operator.until(lambda: all(s.is_over for s in reports().values()))
            print(f"{time.monotonic() - began:.1f} s", {k: s.reason for k, s in reports().items()})
            for name, agent in runs:
                assert reports()[name, agent].phase is CommandPhase.DONE
            await operator.until(lambda: not any(operator.agent(a, g).heard for g, a in runs))
            # The report is true: what it says was refused goes on.
            refused = [k for k, s in reports().items() if s.phase is CommandPhase.REFUSED]
            await settles(lambda: model.held_count == held + len(refused))
            model.release()
            await other.wait_idle("dex")
