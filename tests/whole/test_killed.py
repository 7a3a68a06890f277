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


def test_killed_at_any_moment_the_settings_are_old_or_new(tmp_path: Path) -> None:
    rng = random.Random(20261124)
    file = tmp_path / "config" / "settings.toml"
    file.parent.mkdir()
    file.write_text(written())
    seen = set()
    with session(tmp_path) as desk:
        for _ in range(KILLS):
            window = start_window(desk)
            window.open_settings()
            window.until(*(f"Watch {name}" for name in NAMES))
            timer = threading.Timer(rng.uniform(0.05, 1.5), window.app.process.kill)
            timer.start()
            try:
                while True:  # until it is killed, the window writes as fast as it can
                    name = rng.choice(NAMES)
                    window.click(f"Watch {name}")
                    window.click(f"Edit {name}")
                    window.enter("Name", f"{name} {rng.randrange(1000)}")
                    window.click("Save")
                    window.until_gone("Edit the gateway")
            except (AssertionError, OSError, ValueError):
                timer.join()
                window.app.process.wait(20)
            window.close()
            desk.stop("app")
            text = file.read_text()
            assert is_whole(text), text
            seen.add(text)
        window = start_window(desk)  # nothing is left behind, and the next start has it all
        window.open_settings()
        window.until(*(f"Watch {name}" for name in NAMES))
        window.end()
        drafts = [path.name for path in file.parent.iterdir() if path.name.startswith(".settings")]
        assert drafts in ([], [".settings.toml.lock"])
    assert len(seen) > 2  # it was killed while it wrote, not before
