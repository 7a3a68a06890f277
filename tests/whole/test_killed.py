"""The app is killed at any moment while its window changes the settings, many times."""

from __future__ import annotations

import random
import threading
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.whole.window import session, start_window

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.desktop, pytest.mark.slow, pytest.mark.timeout(300)]

KILLS = 8
NAMES = ("Ada", "Bob", "Cleo", "Dora")
BY_HAND = "# written by hand, with a key of a later version\nlater = 1\n"


def written() -> str:
    def table(name: str) -> str:
        fields = f'id = "{name}"\nurl = "ws://127.0.0.1:1/"\nmine = "{name}"\n'
        return f"\n# about {name}\n[[gateways]]\n{fields}"

    return BY_HAND + "".join(map(table, NAMES))


def is_whole(text: str) -> bool:
    """Whether nothing of anybody is lost, whichever change came last."""
    tables = tomllib.loads(text)["gateways"]
    return (
        text.startswith(BY_HAND)
        and sorted(table["mine"] for table in tables) == list(NAMES)
        and all(f'# about {name}\n[[gateways]]\nid = "{name}"' in text for name in NAMES)
    )


def names_in(text: str) -> dict[str, str]:
    """What each gateway is called, by id."""
    return {one["id"]: one.get("name", one["id"]) for one in tomllib.loads(text)["gateways"]}


def test_killed_at_any_moment_the_settings_are_old_or_new(tmp_path: Path) -> None:
    rng = random.Random(20261124)
    file = tmp_path / "config" / "settings.toml"
    file.parent.mkdir()
    file.write_text(written())
    seen = set()
    with session(tmp_path) as desk:
        for _ in range(KILLS):
            shown = names_in(file.read_text())
            window = start_window(desk)
            window.open_settings()
            window.until(*(f"Watch {name}" for name in shown.values()))
            timer = threading.Timer(rng.uniform(0.0, 1.0), window.app.process.kill)
            try:
                while True:  # as fast as it can, until it is killed
                    ident = rng.choice(NAMES)
                    if ident != NAMES[0]:  # with all of them off, the first start is offered
                        window.click(f"Watch {shown[ident]}")
                    window.click(f"Edit {shown[ident]}")
                    name = f"{ident} {rng.randrange(1000)}"
                    window.enter("Name", name)
                    window.click("Save")
                    window.until_gone("Edit the gateway")
                    window.until(f"Watch {name}")
                    shown[ident] = name
                    if timer.ident is None:
                        timer.start()  # it writes by now, however slow the machine is
            except (AssertionError, OSError, ValueError):
                assert timer.ident is not None, "the window cannot be used"
            timer.join()
            window.app.process.wait(20)
            window.close()
            desk.stop("app")
            text = file.read_text()
            assert is_whole(text), text
            seen.add(text)
        window = start_window(desk)  # nothing is left behind, and the next start has it all
        window.open_settings()
        window.until(*(f"Watch {name}" for name in names_in(file.read_text()).values()))
        window.end()
        drafts = [path.name for path in file.parent.iterdir() if path.name.startswith(".settings")]
        assert drafts in ([], [".settings.toml.lock"])
    assert len(seen) > 2  # it was killed while it wrote, not before
