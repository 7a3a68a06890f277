"""A gateway with a conversation, and a view on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cc_desktop.fleet.transcript.ports import ViewState
from tests.fakes.clock import until
from tests.fakes.gateway import RefusalError

if TYPE_CHECKING:
    from cc_desktop.fleet.transcript.ports import SessionHandle
    from tests.fakes.gateway import FakeGateway

KEY = "agent:otto:main"


def row(number: int, **fields: Any) -> dict[str, Any]:
    role = "assistant" if number % 2 else "user"
    return {
        "role": role,
        "content": [{"type": "text", "text": f"message {number}"}],
        "timestamp": 1_795_516_000_000 + number,
        "__openclaw": {"id": f"m{number}", "seq": number},
        **fields,
    }


class Talk:
    """Answers `chat.history` in the way of a release.

    Args:
        gateway: Whose session it is.
        count: How many messages there are.
        new: Whether it knows offsets and cursors, as 2026.9.6 does.
    """

    def __init__(self, gateway: FakeGateway, count: int, *, new: bool = True) -> None:
        self.rows = [row(number) for number in range(count)]
        self.new = new
        self.run: dict[str, Any] | None = None
        self.forgets = False  # the cursor is of another time
        self.asked: list[dict[str, Any]] = []
        gateway.answers["chat.history"] = self._history
        gateway.answers["sessions.messages.subscribe"] = lambda params: {
            "subscribed": True,
            "key": params["key"],
        }
        gateway.answers["sessions.messages.unsubscribe"] = lambda _params: {"subscribed": False}

        def no_card(_params: Any) -> Any:
            raise RefusalError("INVALID_REQUEST", "unknown method: progressCard.get")

        gateway.answers["progressCard.get"] = no_card

    def _history(self, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(params)
        known = {"sessionKey", "limit"} | ({"offset", "cursor"} if self.new else set())
        if unknown := params.keys() - known:
            raise RefusalError("INVALID_REQUEST", f"unexpected property '{min(unknown)}'")
        extra: dict[str, Any] = {"sessionInfo": {"hasActiveRun": self.run is not None}}
        if self.run:
            extra["inFlightRun"] = self.run
        if "cursor" in params:
            if self.forgets:
                return {"kind": "reset"}
            told = [{"message": one} for one in self.rows[int(params["cursor"]) :]]
            return {"kind": "delta", "messages": told, **self._cursor(), **extra}
        offset = params.get("offset", 0)
        end = len(self.rows) - offset
        start = max(0, end - params["limit"])
        page: dict[str, Any] = {"messages": self.rows[start:end]}
        if not self.new:
            return page
        return {
            **page,
            "hasMore": start > 0,
            "nextOffset": offset + end - start,
            **self._cursor(),
            **extra,
        }

    def _cursor(self) -> dict[str, Any]:
        return {"deltaCursor": str(len(self.rows))}


def texts(handle: SessionHandle) -> list[str]:
    return [message.text for message in handle.messages]


def numbered(first: int, end: int) -> list[str]:
    return [f"message {number}" for number in range(first, end)]


async def ready(handle: SessionHandle) -> None:
    await until(lambda: handle.state is ViewState.READY, "the conversation")
