"""What the tests of the real window on real gateways share."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from cc_desktop.gateway.device_identity import load_identity
from tests.lab.conftest import AGENTS, TOKEN, VERSIONS
from tests.lab.openclaw import RealGateway, Sender
from tests.lab.proxy import proxied
from tests.whole.session import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel
    from tests.whole.window import Window

ELSEWHERE = "X-Forwarded-For: 203.0.113.7"
BEHIND_PROXY = {"gateway": {"trustedProxies": ["127.0.0.1"]}}
PAIRING = ("operator.read", "operator.write", "operator.admin", "operator.pairing")


@contextmanager
def both_releases(
    lab: Lab, model: MockModel, homes: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    """A gateway of each release, started side by side. They know the proxy of `from_elsewhere`."""

    def make(version: str) -> RealGateway:
        extra = BEHIND_PROXY if version == "2026.9.6" else {}
        home = homes.mktemp(f"gateway-{version}")
        return RealGateway(
            lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=extra
        )

    made = {version: make(version) for version in VERSIONS}
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        for gateway in made.values():
            stack.callback(gateway.kill)
        list(pool.map(RealGateway.start, made.values()))
        yield made


@contextmanager
def behind(
    gateway: RealGateway, header: str = "", *, delay_s: float = 0, cut_after_s: float = 0
) -> Iterator[str]:
    """An address of the gateway behind a proxy in a thread of its own; see `proxied`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = proxied(gateway.url, header, delay_s=delay_s, cut_after_s=cut_after_s)
    try:
        yield asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def from_elsewhere(gateway: RealGateway) -> AbstractContextManager[str]:
    """An address of the gateway at which it takes us for another machine."""
    return behind(gateway, ELSEWHERE)


def ask(gateway: RealGateway, method: str, **params: Any) -> Any:
    """What the person at the gateway does there."""

    async def request() -> Any:
        async with Sender(gateway.url, TOKEN, scopes=PAIRING) as sender:
            return await sender.request(method, params)

    return asyncio.run(request())


def device_of(window: Window) -> str:
    """The id of the app's device."""
    return load_identity(window.config / "data" / "identity.json").device_id


def is_live(window: Window) -> None:
    """Wait until the window shows the gateway's own agents, and says that this is live."""
    window.until(*(name for _, name, _ in AGENTS))
    window.until(" live")
    assert not window.says("DEMO"), window.words()
    wait_for(lambda: "Live" in window.words(), "the status bar")


def configure(window_home: Path, gateway: RealGateway, auth: dict[str, str]) -> None:
    """What `openclaw` leaves in the home of who runs a gateway there."""
    file = window_home / ".openclaw" / "openclaw.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"gateway": {"port": gateway.port, "auth": auth}}))
