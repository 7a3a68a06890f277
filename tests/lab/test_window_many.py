"""The real window with two real gateways that are live, and four that are not."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.lab.conftest import TOKEN
from tests.lab.desk import behind, both_releases
from tests.lab.openclaw import RealGateway, Sender, free_port
from tests.whole.session import need, wait_for
from tests.whole.window import Window, session, start_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]

ORDER = ("Slow", "Old", "Blocked", "Gone", "Flapping", "New")


@pytest.fixture(scope="module")
def both(
    lab: Lab, model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RealGateway]]:
    with both_releases(lab, model, tmp_path_factory) as running:
        yield running


def send(gateway: RealGateway, agent: str, words: str) -> None:
    async def send_it() -> None:
        async with Sender(gateway.url, TOKEN) as sender:
            await sender.send(agent, words)

    asyncio.run(send_it())


def pills(window: Window) -> list[str]:
    """The gateways at the top of the window, as they stand there."""
    names = [f"{name} " for name in ORDER]
    words = window.words()
    return [
        text for text in words[: words.index("Settings (Ctrl+,)")] if text.startswith(tuple(names))
    ]


def in_order(window: Window) -> list[str]:
    return [text.partition(" ")[0] for text in pills(window)]


def row(window: Window, agent: str, gateway: str) -> str:
    """The one row of an agent of a gateway, as a screen reader says it; "" while there is none."""
    rows = [text for text in window.words() if re.match(rf"{agent}\b[^:]*\b{gateway}\b", text)]
    assert len(rows) < 2, rows
    return rows[0] if rows else ""


def until_row(window: Window, agent: str, gateway: str, *states: str) -> float:
    """Wait until a row shows one of the states; the seconds that took."""
    began = time.monotonic()

    def shows() -> bool:
        said = row(window, agent, gateway)
        return any(state in said for state in states)

    try:
        wait_for(shows, f"{agent} of {gateway}: {states}", still=window.app.running)
    except AssertionError as error:
        raise AssertionError(f"{error} in {window.words()}") from None
    return time.monotonic() - began


def test_the_live_ones_are_right_and_prompt_beside_four_that_are_not(
    both: dict[str, RealGateway], model: MockModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    need("lxqt-panel")
    old, new = both["2026.5.7"], both["2026.9.6"]
    path = tmp_path_factory.mktemp("many")
    token, wrong = path / "token", path / "wrong"
    token.write_text(TOKEN)
    wrong.write_text("not-the-token-1")
    with (
        behind(old) as blocked,
        behind(old, delay_s=1.5) as slow,
        behind(new, cut_after_s=1.0) as flapping,
        session(path) as desk,
    ):
        urls = (slow, old.url, blocked, f"ws://127.0.0.1:{free_port()}/", flapping, new.url)
        file = path / "config" / "settings.toml"
        file.parent.mkdir()
        file.write_text(
            "".join(
                f'[[gateways]]\nid = "{name}"\nurl = "{url}"\n'
                f'token_file = "{wrong if name == "Blocked" else token}"\n\n'
                for name, url in zip(ORDER, urls, strict=True)
            )
        )
        desk.start_panel()
        window = start_window(desk)
        window.until("Old live", "New live", "Blocked The token is wrong", "Gone unreachable")
        assert in_order(window) == list(ORDER)
        tray = wait_for(desk.items, "the icon")[0]

        for name, gateway, agent in (("Old", old, "Otto"), ("New", new, "Rex")):
            # The live ones work, whatever the other four do meanwhile.
            held = model.held_count
            send(gateway, agent.lower(), "hold: one two three")
            model.wait_held(held + 1)
            took_s = until_row(window, agent, name, "Working", "Thinking")
            print(f"{name}: shown {took_s:.2f} s after the model was asked")
            model.release()
            until_row(window, agent, name, "Idle")
        window.until("Flapping ")
        wait_for(lambda: any(w.startswith("Flapping unstable") for w in window.words()), "unstable")
        assert window.says("Old live", "New live", "Blocked The token is wrong")
        assert in_order(window) == list(ORDER)
        window.session.screenshot("many")

        def says(*words: str) -> bool:
            told = str(tray.get("ToolTip"))
            return all(word in told for word in words)

        print("tray:", tray.get("ToolTip")[2:])
        wait_for(lambda: says("offline"), f"the tray: {tray.get('ToolTip')[2:]}")
        send(new, "dex", "fail: bad request: no such tool")
        until_row(window, "Dex", "New", "Error")
        wait_for(lambda: says("1 need"), f"the tray: {tray.get('ToolTip')[2:]}")
        print("tray:", tray.get("ToolTip")[2:])

        # In another order, by the keyboard of the settings; nobody live is disturbed.
        window.open_settings()
        window.click("Move New up (Alt+Up)")
        wanted = ["Slow", "Old", "Blocked", "Gone", "New", "Flapping"]
        wait_for(lambda: in_order(window) == wanted, f"the new order: {in_order(window)}")
        assert window.says("Old live", "New live")
        window.end()
