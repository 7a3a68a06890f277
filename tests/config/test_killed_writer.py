"""A process that is killed while it writes settings or secrets: neither old nor new is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.config.settings import load_settings
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile
from cc_desktop.config.storage import Storage

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12
# Adds and removes a gateway and its token for ever, and tells each step once it is done.
WRITER = """
import asyncio, sys
from pathlib import Path
from cc_desktop.config.gateway_editor import GatewayEditor
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile

async def main():
    home = Path(sys.argv[1])
    tokens = SharedTokens(home / "data" / "shared-tokens.json", use_keyring=False)
    editor = GatewayEditor(SettingsFile(home / "settings.toml"), tokens, lambda _ids: None)
    number = int(sys.argv[2])
    while True:
        number += 1
        entry = GatewayEntry("lab", "ws://127.0.0.1:9/", name=f"n{number}")
        await editor.update(1, entry, Token(f"t{number}"), may_use_file=True)
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_writer_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('# mine\ncolour = 7\n[[gateways]]\nid = "o"\nurl = "ws://127.0.0.1:8/"\n')
    SettingsFile(settings).add_gateway(GatewayEntry("lab", "ws://127.0.0.1:9/", name="n0"))
    rng, done = random.Random(5), 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(done)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as writer:
            assert writer.stdout is not None
            for _ in range(rng.randint(1, 5)):
                done = int(writer.stdout.readline())
            for _ in range(rng.randrange(3000)):  # somewhere within the next write
                pass
            writer.send_signal(signal.SIGKILL)
            done = int((["", *writer.stdout.read().split()])[-1] or done)

        text = settings.read_text()
        assert text.startswith("# mine\ncolour = 7\n")
        first, lab = tomllib.loads(text)["gateways"]
        assert first == {"id": "o", "url": "ws://127.0.0.1:8/"}
        assert int(lab["name"][1:]) in (done, done + 1)
        kept = msgspec.json.decode((tmp_path / "data" / "shared-tokens.json").read_bytes())
        (token,) = [value for value in str(kept).split("'") if value.startswith("t")]
        assert int(token[1:]) in (done, done + 1)
        done = int(lab["name"][1:])

    Storage(find_paths(tmp_path))  # the next start tidies up
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".settings.toml.lock", "data", "settings.toml"]
    assert load_settings(settings, {}).problems == ()
