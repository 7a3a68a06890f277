"""A process that is killed while it writes settings or secrets: neither old nor new is lost.

Once at moments that chance chooses, and once before each call that changes a file.
"""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.device_tokens import DeviceTokens
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.settings import load_settings
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile
from cc_desktop.config.storage import Storage
from tests.config.kept_keyring import KeptKeyring

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
        await editor.update("lab", entry, Token(f"t{number}"), may_use_file=True)
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


# Runs one change in a child for each place where it can be killed: before every call that opens,
# flushes, renames or removes a file. Prints how many places there are.
AT_EVERY_CALL = """
import asyncio, os, shutil, signal, sys
from pathlib import Path
from cc_desktop.config.gateway_editor import GatewayEditor
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.device_tokens import DeviceTokens
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.secrets.system_keyring import KeyringState
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile
from tests.config.kept_keyring import KeptKeyring

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir")
ME = ("ws://127.0.0.1:9/", "device", "operator")

def stores(home, keyring):
    keyring = KeptKeyring(home / "keyring.json") if keyring else None
    allowed = keyring is not None
    shared = SharedTokens(home / "shared.json", use_keyring=allowed, keyring=keyring)
    device = DeviceTokens(home / "device.json", use_keyring=allowed, keyring=keyring)
    editor = GatewayEditor(SettingsFile(home / "settings.toml"), shared, lambda _ids: None)
    return shared, device, editor

async def prepare(home):
    home.mkdir()
    settings = home / "settings.toml"
    settings.write_text('# mine\\ncolour = 7\\n')
    shared, device, editor = stores(home, False)
    entry = GatewayEntry("lab", "ws://127.0.0.1:9/", name="old")
    await editor.add(entry, Token("t-old"), may_use_file=True)
    await device.keep(*ME, "d-old")
    device.keep_rights(*ME, ("operator.read",))

async def change(home, what):
    shared, device, editor = stores(home, "keyring" in what)
    await shared.read("lab")
    if what == "update":
        entry = GatewayEntry("lab", "ws://127.0.0.1:9/", name="new")
        await editor.update("lab", entry, Token("t-new"), may_use_file=True)
    if what == "rename":
        await editor.update("lab", GatewayEntry("new", "ws://127.0.0.1:9/"), may_use_file=True)
    if what == "device":
        await device.keep(*ME, "d-new")
        device.keep_rights(*ME, ("operator.read", "operator.write"))
    if what == "keyring":
        await device.use_keyring_now()
        await shared.move_to_keyring()
    if what == "setting":
        SettingsFile(home / "settings.toml").set_value("stuck_after_minutes", 7)

def killed_at(number):
    count = 0
    def look(event, _arguments):
        nonlocal count
        if event in EVENTS:
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
    real = os.fsync
    def fsync(handle):
        look("open", ())
        real(handle)
    os.fsync = fsync
    sys.addaudithook(look)

base, what = Path(sys.argv[1]), sys.argv[2]
asyncio.run(prepare(base / "start"))
shutil.copytree(base / "start", base / "warm")
asyncio.run(change(base / "warm", what))  # so that no module is loaded later
number = 0
while True:
    number += 1
    home = base / str(number)
    shutil.copytree(base / "start", home)
    child = os.fork()
    if child == 0:
        killed_at(number)
        asyncio.run(change(home, what))
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
    assert number < 500
print(number)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="fork")
@pytest.mark.parametrize("what", ["update", "rename", "device", "keyring", "setting"])
def test_killed_before_any_call_that_changes_a_file(tmp_path: Path, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_EVERY_CALL, str(tmp_path), what],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    places = int(done.stdout)
    assert places > 4  # a write opens, flushes, renames, and flushes its directory
    ends = [asyncio.run(_what_is_left(tmp_path / str(number))) for number in range(1, places + 1)]
    assert ends[-1] == NEW[what]
    assert {*ends} <= {OLD, NEW[what], *BETWEEN.get(what, ())}


class Left(NamedTuple):
    """What the next start finds."""

    name: str
    token: str
    device: str
    rights: int
    stuck: int = 10


OLD = Left("old", "t-old", "d-old", 1)
NEW = {
    "update": Left("new", "t-new", "d-old", 1),
    "rename": Left("new", "t-old", "d-old", 1),
    "device": Left("old", "t-old", "d-new", 2),
    "keyring": OLD,
    "setting": Left("old", "t-old", "d-old", 1, stuck=7),
}
# A secret is kept before the file names its gateway, and a device token before its rights.
BETWEEN = {
    "update": (Left("old", "t-new", "d-old", 1),),
    "device": (Left("old", "t-old", "d-new", 1),),
}


async def _what_is_left(home: Path) -> Left:
    text = (home / "settings.toml").read_text()
    assert text.startswith("# mine\ncolour = 7\n")
    (entry,) = SettingsFile(home / "settings.toml").gateways()
    keyring = KeptKeyring(home / "keyring.json")
    shared = SharedTokens(home / "shared.json", keyring=keyring)
    device = DeviceTokens(home / "device.json", keyring=keyring)
    me = ("ws://127.0.0.1:9/", "device", "operator")
    return Left(
        name=entry.name or entry.id,
        token=(await shared.read(entry.id)).reveal(),
        device=(await device.get(*me)).reveal(),
        rights=len(device.rights(*me)),
        stuck=load_settings(home / "settings.toml", {}).stuck_after_ms // 60_000,
    )
