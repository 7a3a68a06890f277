"""Rights and pairing: more is asked for while the connection lives, and a no costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.commands import GiveBackRights, RequestRights
from cc_desktop.fleet.model import ConnectionState as S
from cc_desktop.gateway.rights import Rights
from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway, RefusalError, refused
from tests.fakes.rig import MemoryTokens, Rig, running_link

if TYPE_CHECKING:
    from collections.abc import Callable

READ, QUESTIONS, WRITE = "operator.read", "operator.questions", "operator.write"
APPROVALS = "operator.approvals"
REQUEST, WAIT = "device.scopes.requestUpgrade", "device.scopes.waitUpgrade"


class UnexpectedError(Exception):
    """What nobody expected."""


def ask(rig: Rig, *scopes: str) -> list[str]:
    """Ask for rights; the list gets how that ended."""
    ended: list[str] = []
    rig.link.change_rights(RequestRights(gateway="gw", scopes=scopes), ended.append)
    return ended


def give_back(rig: Rig, *scopes: str) -> list[str]:
    ended: list[str] = []
    rig.link.change_rights(GiveBackRights(gateway="gw", scopes=scopes), ended.append)
    return ended


def needs_approval(
    *approved: str, request_id: str = "req-1"
) -> Callable[[dict[str, Any]], RefusalError | None]:
    """A gateway that refuses scopes beyond those that were approved, as measured."""

    def refusal(params: dict[str, Any]) -> RefusalError | None:
        if set(params["scopes"]) <= set(approved):
            return None
        return refused(
            "PAIRING_REQUIRED",
            outer="NOT_PAIRED",
            requestId=request_id,
            reason="scope-upgrade" if approved else "not-paired",
        )

    return refusal


def upgradable(gateway: FakeGateway, status: str = "approved") -> None:
    gateway.scopes = [READ, QUESTIONS, WRITE, APPROVALS]
    gateway.answers[REQUEST] = lambda _params: {"requestId": "req-1"}
    gateway.answers[WAIT] = lambda _params: {
        "status": status,
        "requestId": "req-1",
        "deviceToken": "token-after",
        "scopes": [READ, QUESTIONS],
    }


# Asking over the living connection


async def test_a_right_is_granted_while_the_connection_lives() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.add_agent("otto")
        tokens = MemoryTokens()
        async with running_link(gateway.url, token="shared", tokens=tokens) as rig:
            await rig.live()
            decision = gateway.hold(WAIT)
            ended = ask(rig, QUESTIONS)
            await decision.reached.wait()
            pairing = rig.link.connection.pairing

            assert pairing is not None
            assert pairing.command == "openclaw devices approve req-1"
            assert pairing.scopes == (READ, QUESTIONS)
            assert pairing.device == "Control Center Desktop"
            assert pairing.expires_at - rig.clock.now_ms() == 300_000
            assert pairing.upgrade
            assert rig.link.connection.scopes == (READ,)
            assert not ended

            decision.release.set()
            await until(lambda: rig.link.connection.scopes == (READ, QUESTIONS))
            await until(lambda: gateway.open_connections == 1)
            assert ended == [""]
            assert rig.link.connection.pairing is None
            assert rig.states.count(S.LIVE) == 1  # it was never interrupted
            assert tokens.kept[gateway.url] == "token-after"
            assert tokens.scopes[gateway.url] == (QUESTIONS,)
            # What happens from now on arrives over the new connection.
            await until(lambda: gateway.count("sessions.list") == 2)
            gateway.add_session("agent:otto:main")
            await gateway.change("agent:otto:main", status="failed")
            await until(lambda: rig.session("agent:otto:main") is not None)


async def test_nothing_is_refused_while_one_connection_takes_over_from_another() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.answers["questions.answer"] = lambda _params: {"ok": True}
        async with running_link(gateway.url) as rig:
            await rig.live()
            listing = gateway.hold("sessions.list")  # of the new connection
            ended = ask(rig, QUESTIONS)
            await listing.reached.wait()

            assert ended == [""]
            assert rig.link.connection.scopes == (READ, QUESTIONS)
            assert await rig.link.request("questions.answer") == {"ok": True}
            second = ask(rig, WRITE)
            assert second == []  # under way
            listing.release.set()
            await until(lambda: bool(second))
            assert second == [""]
            await until(lambda: WRITE in rig.link.connection.scopes)
            assert rig.states.count(S.LIVE) == 1


async def test_kept_rights_are_asked_for_at_the_next_start() -> None:
    async with FakeGateway() as gateway:
        gateway.scopes = [READ, QUESTIONS]
        tokens = MemoryTokens()
        tokens.scopes[gateway.url] = (QUESTIONS,)
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()

            assert gateway.connect_params["scopes"] == [READ, QUESTIONS]
            assert rig.link.connection.scopes == (READ, QUESTIONS)


@pytest.mark.parametrize("status", ["rejected", "expired", "nonsense"])
async def test_a_no_costs_nothing(status: str) -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway, status)
        async with running_link(gateway.url) as rig:
            await rig.live()
            ended = ask(rig, QUESTIONS)
            await until(lambda: ended)

            assert ended == ["expired" if status == "expired" else "rejected"]
            assert gateway.connections == 1
            assert rig.state is S.LIVE
            assert rig.link.connection.pairing is None
            assert rig.link.connection.scopes == (READ,)


async def test_a_request_id_that_is_no_id_is_never_shown() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.answers[REQUEST] = lambda _params: {"requestId": "x; rm -rf ~"}
        async with running_link(gateway.url) as rig:
            await rig.live()
            decision = gateway.hold(WAIT)
            ask(rig, QUESTIONS)
            await decision.reached.wait()
            pairing = rig.link.connection.pairing

            assert pairing is not None
            assert pairing.request_id == pairing.command == ""
            decision.release.set()


async def test_one_request_at_a_time_and_none_without_a_connection() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url) as rig:
            assert ask(rig, QUESTIONS) == ["not-live"]
            await rig.live()
            decision = gateway.hold(WAIT)
            ended = ask(rig, QUESTIONS)
            assert ask(rig, WRITE) == ["busy"]
            await decision.reached.wait()
            gateway.drop()
            await until(lambda: ended)
            assert ended == ["lost"]
            decision.release.set()
            await rig.clock.advance(2)
            await rig.live()
            assert rig.link.connection.pairing is None


async def test_what_nobody_expected_ends_the_request_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(*_args: object) -> None:
        raise UnexpectedError

    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url, incidents=1) as rig:
            await rig.live()
            monkeypatch.setattr(Rights, "_opened", boom)
            ended = ask(rig, QUESTIONS)
            await until(lambda: ended)

            assert ended == ["internal"]
            assert rig.state is S.LIVE


# Gateways that cannot be asked


@pytest.mark.parametrize("protocol", [3, 4])
async def test_without_the_method_a_new_connection_asks_until_somebody_approves(
    protocol: int,
) -> None:
    """2026.9.6 answers an unknown method with "missing scope: operator.admin", as 2026.5.7 does."""
    async with FakeGateway(protocol) as gateway:
        gateway.scopes = [READ, QUESTIONS]
        async with running_link(gateway.url) as rig:
            await rig.live()
            gateway.refusal = needs_approval(READ)
            ended = ask(rig, QUESTIONS)
            await until(lambda: rig.link.connection.pairing is not None)
            for _ in range(6):
                await gateway.tick()
                await rig.clock.advance(10)
            assert 10 <= gateway.connections <= 20
            assert rig.state is S.LIVE
            gateway.refusal = lambda _params: None
            await rig.clock.advance(6)
            await until(lambda: ended)

            assert ended == [""]
            await until(lambda: rig.link.connection.scopes == (READ, QUESTIONS))
            assert rig.states.count(S.LIVE) == 1


async def test_another_request_means_that_the_first_was_rejected() -> None:
    async with FakeGateway(3) as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.refusal = needs_approval(READ)
        ended = ask(rig, QUESTIONS)
        await until(lambda: rig.link.connection.pairing is not None)
        gateway.refusal = needs_approval(READ, request_id="req-2")
        await rig.clock.advance(6)
        await until(lambda: ended)

        assert ended == ["rejected"]
        assert rig.state is S.LIVE


async def test_nobody_is_asked_for_longer_than_a_request_lives() -> None:
    async with FakeGateway(3) as gateway, running_link(gateway.url) as rig:
        await rig.live()
        gateway.refusal = needs_approval(READ)
        ended = ask(rig, QUESTIONS)
        for _ in range(32):
            await gateway.tick()
            await rig.clock.advance(10)
        before = gateway.connections
        await rig.clock.advance(20)

        assert ended == ["expired"]
        assert gateway.connections == before
        assert rig.state is S.LIVE


async def test_the_way_to_deciding_approvals_says_so_and_only_then() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        async with running_link(gateway.url) as rig:
            await rig.live()
            assert gateway.connect_params["caps"] == ["tool-events"]
            ended = ask(rig, APPROVALS)
            await until(lambda: ended)
            assert gateway.connect_params["caps"] == ["tool-events", "approvals", "exec-approvals"]


# Giving back


async def test_a_right_is_given_back() -> None:
    async with FakeGateway() as gateway:
        gateway.scopes = [READ, QUESTIONS]
        tokens = MemoryTokens()
        tokens.scopes[gateway.url] = (QUESTIONS,)
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()
            ended = give_back(rig, QUESTIONS)
            await until(lambda: rig.link.connection.scopes == (READ,))

            assert ended == [""]
            assert tokens.scopes[gateway.url] == ()
            assert rig.states.count(S.LIVE) == 1


async def test_a_right_is_asked_for_while_another_connection_takes_over() -> None:
    """The gateway counts as live then, so the question must not be refused."""
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.scopes = [READ]
        tokens = MemoryTokens()
        tokens.scopes[gateway.url] = (QUESTIONS,)
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()
            lists = gateway.hold("sessions.list")
            returned = give_back(rig, QUESTIONS)
            await until(lambda: returned)
            await lists.reached.wait()
            assert rig.state is S.LIVE
            gateway.scopes = [READ, QUESTIONS]
            ended = ask(rig, QUESTIONS)
            assert not ended
            lists.release.set()
            await until(lambda: ended)
            assert ended == [""]
            await until(lambda: rig.link.connection.scopes == (READ, QUESTIONS))


async def test_what_was_asked_while_a_connection_took_over_that_is_lost_is_refused() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        tokens = MemoryTokens()
        tokens.scopes[gateway.url] = (QUESTIONS,)
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()
            lists = gateway.hold("sessions.list")
            returned = give_back(rig, QUESTIONS)
            await until(lambda: returned)
            await lists.reached.wait()
            ended = ask(rig, QUESTIONS)
            gateway.drop()
            lists.release.set()
            await until(lambda: ended)
            assert ended == ["lost"]


async def test_a_right_of_the_settings_is_given_back_there() -> None:
    async with FakeGateway() as gateway:
        gateway.scopes = [READ, WRITE]
        async with running_link(gateway.url, scopes=(READ, WRITE)) as rig:
            await rig.live()
            ended = give_back(rig, WRITE)
            await until(lambda: ended)

            assert ended == ["in-settings"]


# Reading comes first


async def test_settings_that_want_more_than_is_approved_do_not_cost_the_right_to_read() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.refusal = needs_approval(READ)
        decision = gateway.hold(WAIT)
        async with running_link(gateway.url, scopes=(READ, WRITE)) as rig:
            await rig.clock.advance(2)
            await rig.live()
            assert rig.link.connection.scopes == (READ,)
            await decision.reached.wait()  # and what the settings want is asked for
            gateway.refusal = lambda _params: None
            decision.release.set()
            await until(lambda: rig.link.connection.scopes == (READ, WRITE))


async def test_rights_that_were_taken_away_are_not_asked_for_again() -> None:
    async with FakeGateway() as gateway:
        upgradable(gateway)
        gateway.refusal = needs_approval(READ)
        tokens = MemoryTokens()
        tokens.scopes[gateway.url] = (QUESTIONS,)
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.clock.advance(2)
            await rig.live()

            assert rig.link.connection.scopes == (READ,)
            assert gateway.count(REQUEST) == 0


# Pairing


async def test_an_approved_device_is_live_by_itself() -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = needs_approval()
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)
            pairing = rig.link.connection.pairing
            assert pairing is not None
            assert not pairing.upgrade
            await rig.clock.advance(60)
            assert rig.link.connection.pairing == pairing  # the same request, the same time
            gateway.refusal = lambda _params: None
            await rig.clock.advance(5)
            await rig.live()

            assert rig.link.connection.pairing is None


async def test_nobody_comes_so_it_asks_slowly() -> None:
    async with FakeGateway() as gateway:
        number = 0

        def refusal(_params: dict[str, Any]) -> RefusalError:
            nonlocal number
            number += 1
            ident = f"req-{number // 60}"  # a gateway forgets a request after five minutes
            return refused("PAIRING_REQUIRED", outer="NOT_PAIRED", requestId=ident)

        gateway.refusal = refusal
        async with running_link(gateway.url) as rig:
            await rig.clock.advance(1_000)
            before = gateway.connections
            await rig.clock.advance(300)

            assert gateway.connections - before <= 14


async def test_the_wait_that_the_gateway_asks_for_is_kept() -> None:
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: RefusalError(
            "NOT_PAIRED",
            details={"code": "PAIRING_REQUIRED", "requestId": "req-1"},
            retryAfterMs=60_000,
        )
        async with running_link(gateway.url) as rig:
            await rig.reach(S.WAITING)
            await rig.clock.advance(58)

            assert gateway.connections == 1


# Device tokens


async def test_a_device_token_that_is_revoked_is_dropped() -> None:
    async with FakeGateway(tokens=("other",)) as gateway:
        tokens = MemoryTokens({gateway.url: "revoked"})
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.reach(S.BLOCKED)

            assert rig.problem.kind == "token-mismatch"
            assert gateway.url not in tokens.kept


async def test_a_new_device_token_is_stored_before_the_first_list() -> None:
    async with FakeGateway() as gateway:
        gateway.device_token = "rotated"
        listing = gateway.hold("agents.list")
        tokens = MemoryTokens({gateway.url: "before"})
        async with running_link(gateway.url, tokens=tokens) as rig:
            await listing.reached.wait()
            await until(lambda: tokens.kept[gateway.url] == "rotated")
            listing.release.set()
            await rig.live()


async def test_the_shared_secret_serves_as_password_and_the_device_token_does_not() -> None:
    async with FakeGateway() as gateway:
        async with running_link(gateway.url, token="shared") as rig:
            await rig.live()
            assert gateway.connect_params["auth"] == {"token": "shared", "password": "shared"}
        tokens = MemoryTokens({gateway.url: "device"})
        async with running_link(gateway.url, tokens=tokens) as rig:
            await rig.live()
            assert gateway.connect_params["auth"] == {"token": "device"}
