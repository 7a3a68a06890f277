"""What real gateways tell of a message or a task whose answer was lost."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop.fleet.commands import ChangeTask, CommandPhase, SendMessage, TaskAction
from cc_desktop.gateway.actions.evidence import NobodyKnowsError, outcome_of
from cc_desktop.gateway.failures import Failure, RequestFailedError
from cc_desktop.protocol.frames import GatewayError
from tests.lab.act import operating
from tests.lab.conftest import TOKEN
from tests.lab.openclaw import RealGateway, Sender

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

KEY = "agent:otto:main"


def message(text: str) -> SendMessage:
    return SendMessage(
        gateway="g", agent="otto", session_key=KEY, text=text, id=uuid.uuid4().hex[:16]
    )


async def has_arrived(command: SendMessage, ask: Any) -> bool:
    try:
        return await outcome_of(command, None, 0, ask) is None
    except NobodyKnowsError:
        return False


async def test_where_the_history_is_refused_the_run_tells_that_a_message_arrived(
    gateway: RealGateway,
) -> None:
    async with Sender(gateway.url, TOKEN) as sender:

        async def ask(method: str, params: dict[str, Any]) -> Any:
            if method == "chat.history":  # as a role of the gateway's operator may have it
                missing = GatewayError("INVALID_REQUEST", "missing scope: operator.read")
                raise RequestFailedError(Failure(error=missing))
            return await sender.request(method, params)

        sent = message("say: hello")
        told = {"sessionKey": KEY, "message": sent.text, "idempotencyKey": sent.id}
        await sender.request("chat.send", told)
        await sender.wait_idle("otto")
        async with asyncio.timeout(30):  # 2026.5.7 notes its end a moment after it
            while not await has_arrived(sent, ask):  # noqa: ASYNC110 - the gateway has no event
                await asyncio.sleep(0.5)
        with pytest.raises(NobodyKnowsError):
            await outcome_of(message("say: never sent"), None, 0, ask)


@pytest.mark.parametrize("action", list(TaskAction))
async def test_a_task_that_is_not_there_is_refused_in_words_that_are_known(
    gateway: RealGateway, tmp_path: Path, action: TaskAction
) -> None:
    async with operating(tmp_path, g=gateway) as operator:
        ident = operator.monitor.execute(ChangeTask(gateway="g", task="none", action=action))

        def state() -> tuple[CommandPhase, str]:
            known = operator.monitor.store.fleet.gateways["g"].commands[ident]
            return known.phase, known.reason

        await operator.until(lambda: state()[0] is CommandPhase.REFUSED, 15)
        if gateway.version < "2026.7":
            assert state()[1] == "absent"  # it knows no tasks
        elif action is TaskAction.CANCEL:
            assert state()[1] == "gone"
        else:  # no result of a subagent waits to be delivered there
            assert state()[1] == "refused"
