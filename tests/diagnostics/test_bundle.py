"""The zip for a support request: all that helps, and no secret."""

from __future__ import annotations

import io
import json
import stat
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.paths import Paths, find_paths
from cc_desktop.diagnostics import bundle
from cc_desktop.diagnostics.logs import LOG_FILE
from cc_desktop.diagnostics.timeline import Timeline
from cc_desktop.fleet import events as ev
from cc_desktop.fleet.model import ConnectionInfo, ConnectionState
from cc_desktop.fleet.store import Store
from cc_desktop.gateway.device_identity import load_identity
from cc_desktop.system.redaction import REDACTED

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {
    "device": "device-t0ken-of-an-old-gateway",
    "shared": "shared-t0ken-of-the-window",
    "password": "pr0xy-passw0rd",
    "unknown": "what-somebody-wrote-0815",
    "query": "in-the-address-4711",
}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = find_paths(tmp_path)
    paths.data.mkdir()
    paths.log.mkdir()
    return paths


def unzip(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return {name.split("/")[1]: found.read(name).decode() for name in found.namelist()}


def test_no_secret_gets_in_from_anywhere(paths: Paths) -> None:
    identity = load_identity(paths.identity)
    private = identity.key.private.private_bytes_raw().hex()
    paths.tokens.write_text(json.dumps({"ws://gone/ id operator": SECRETS["device"]}))
    paths.shared_tokens.write_text(json.dumps({"g": SECRETS["shared"]}))
    paths.settings.write_text(
        f"""
        my_note = "{SECRETS["unknown"]}"
        [[gateways]]
        url = "wss://me:{SECRETS["password"]}@studio/?x={SECRETS["query"]}"
        token = "{SECRETS["unknown"]}"
        extra = {{ url = "{SECRETS["unknown"]}" }}
        """
    )
    log = [
        f"sent {SECRETS['device']}, {SECRETS['shared']} and {private}",
        f"wss://me:{SECRETS['password']}@studio/",
    ]
    (paths.log / LOG_FILE).write_text("\n".join(log))
    environ = {"HTTPS_PROXY": f"http://me:{SECRETS['password']}@proxy:3128", "LANG": "C"}
    lines = [f"the gateway said {SECRETS['device']}"]

    made = bundle.make_bundle(paths, {"said": SECRETS["device"]}, lines, environ)

    everything = "".join(unzip(made).values())
    for secret in (*SECRETS.values(), private):
        assert secret not in everything
        assert secret.encode() not in made
    assert REDACTED in everything
    assert identity.instance_id not in everything


def test_what_helps_is_in(paths: Paths) -> None:
    paths.settings.write_text('demo = false\n[[gateways]]\nurl = "wss://studio/"\nname = "S"\n')
    found = {"ok": True, "gateways": [{"token_source": "--token-file", "reached": True}]}
    files = unzip(bundle.make_bundle(paths, found, ["a line"], {"HTTP_PROXY": "http://p:1"}))

    assert json.loads(files["doctor.json"]) == found
    assert files["doctor.txt"] == "a line\n"
    assert json.loads(files["settings.json"]) == {
        "demo": False,
        "gateways": [{"url": "wss://studio/", "name": "S"}],
    }
    assert json.loads(files["environment.json"]) == {"HTTP_PROXY": "http://p:1"}
    assert "timeline.txt" not in files


def test_the_timeline_of_the_running_app_is_in(paths: Paths) -> None:
    store = Store(lambda: 1_800_000_000_000)
    timeline = Timeline(store, lambda: 1_800_000_000_000)
    store.apply(ev.GatewayAdded("g", "G", "ws://g/"))
    store.apply(ev.ConnectionChanged("g", ConnectionInfo(ConnectionState.CONNECTING)))
    files = unzip(bundle.make_bundle(paths, {}, [], {}, timeline))
    assert files["timeline.txt"].splitlines() == [
        "2027-01-15 08:00:00.000Z  g  off, source none",
        "2027-01-15 08:00:00.000Z  g  connecting, source none",
    ]


@pytest.mark.parametrize("text", ["not = = toml", "\udcff", "x = " + "[" * 5000])
def test_settings_that_cannot_be_read(paths: Paths, text: str) -> None:
    paths.settings.write_bytes(text.encode("utf-8", "surrogateescape"))
    files = unzip(bundle.make_bundle(paths, {}, [], {}))
    assert "cannot be read" in json.loads(files["settings.json"])["file"]


def test_the_last_200_lines_over_the_rotated_files(paths: Paths) -> None:
    (paths.log / f"{LOG_FILE}.1").write_text("".join(f"old {n}\n" for n in range(300)))
    (paths.log / LOG_FILE).write_text("".join(f"new {n}\n" for n in range(50)))
    lines = bundle.last_log_lines(paths.log)
    assert len(lines) == 200
    assert (lines[0], lines[149], lines[150], lines[-1]) == (
        "old 150",
        "old 299",
        "new 0",
        "new 49",
    )


def test_nothing_there_is_no_failure(tmp_path: Path) -> None:
    files = unzip(bundle.make_bundle(find_paths(tmp_path / "nowhere"), {}, [], {}))
    assert files["log.txt"].strip() == ""


def test_a_file_that_exists_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.zip"
    path.write_text("mine")
    with pytest.raises(bundle.BundleError, match="File exists"):
        bundle.write_bundle(path, b"zip")
    assert path.read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    bundle.write_bundle(tmp_path / "report.zip", b"zip")
    assert stat.S_IMODE((tmp_path / "report.zip").stat().st_mode) == 0o600
