"""`cc-desktop doctor` as a process of its own, and its parts."""

from __future__ import annotations

import asyncio
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.secrets.system_keyring import SystemKeyring
from cc_desktop.diagnostics import doctor
from tests.fakes.gateway import FakeGateway, RefusalError, refused
from tests.test_cli import Cli

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "s3cret-t0ken"
DEVICE_TOKEN = "device-t0ken-0815"


@pytest.fixture
def cc(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def configure(cc: Cli, **urls: str) -> None:
    tables = [f'[[gateways]]\nid = "{name}"\nurl = "{url}"\n' for name, url in urls.items()]
    cc.settings.write_text("keyring = false\n" + "".join(tables))


async def test_all_is_well(cc: Cli) -> None:
    async with FakeGateway(tokens=(TOKEN,)) as gateway:
        gateway.add_agent("otto")
        cc.environ["OPENCLAW_GATEWAY_TOKEN"] = TOKEN
        ran = await cc.run("doctor", "--url", gateway.url)

    assert ran.code == 0, ran
    assert ran.err == ""
    assert "OpenClaw 2026.9.6, protocol 4" in ran.out
    assert "✓ 1 agent" in ran.out
    assert "Its token comes from OPENCLAW_GATEWAY_TOKEN." in ran.out
    assert str(cc.directory / "log") in ran.out
    assert "All is well: 1 of 1 gateways reached." in ran.out
    assert TOKEN not in ran.out + cc.everything_written()


async def test_each_gateway_is_tried_and_one_that_is_not_reached_is_exit_code_3(cc: Cli) -> None:
    async with FakeGateway() as dead:
        gone = dead.url
    async with FakeGateway() as live, FakeGateway() as closed:
        closed.refusal = lambda _params: refused(
            "PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="7f3a91c2"
        )
        configure(cc, live=live.url, gone=gone, closed=closed.url)
        text, told = await asyncio.gather(cc.run("doctor"), cc.run("doctor", "--json"))

    assert (text.code, told.code) == (3, 3)
    assert "1 of 3 gateways reached." in text.out
    assert "openclaw gateway run" in text.out
    assert "openclaw devices approve 7f3a91c2" in text.out
    assert told.out.count("\n") == 1
    assert told.json["ok"] is False
    assert [gateway["reached"] for gateway in told.json["gateways"]] == [True, False, False]
    ends = [gateway["steps"][-1] for gateway in told.json["gateways"]]
    assert [end["step"] for end in ends] == ["list", "port", "handshake"]
    assert ends[2]["problem"]["detail"] == "7f3a91c2"
    assert told.json["machine"]["versions"]["app"]


async def test_a_slip_in_the_settings_is_told_with_file_line_and_value(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        cc.settings.write_text(
            f'keyring = false\n\n[[gateways]]\nurl = "{gateway.url}"\ninsecure = "maybe"\n'
        )
        text, told = await asyncio.gather(cc.run("doctor"), cc.run("doctor", "--json"))

    assert (text.code, told.code) == (3, 3)
    assert f"! {cc.settings}:5: insecure cannot be" in text.out
    assert "but the settings have a mistake" in text.out
    (slip,) = told.json["machine"]["slips"]
    assert (slip["file"], slip["line"], slip["value"]) == (str(cc.settings), 5, '"maybe"')
    assert told.json["gateways"][0]["reached"] is True


async def test_settings_that_are_no_toml(cc: Cli) -> None:
    cc.settings.write_text("keyring = \n")
    ran = await cc.run("doctor")
    assert ran.code == 3
    assert f"! {cc.settings}" in ran.out


async def test_a_note_about_the_settings_is_no_failure(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        configure(cc, live=gateway.url)
        cc.settings.write_text(f"colour = 7\n{cc.settings.read_text()}")
        ran = await cc.run("doctor")
    assert ran.code == 0
    assert "colour" in ran.out


async def test_a_gateway_whose_settings_cannot_be_used(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        configure(cc, live=gateway.url, bad="ws://host:99999/")
        text, told = await asyncio.gather(cc.run("doctor"), cc.run("doctor", "--json"))
    assert (text.code, told.code) == (3, 3)
    assert "1 of 2 gateways reached." in text.out
    assert [gateway["reached"] for gateway in told.json["gateways"]] == [True, False]


async def test_a_slip_on_the_command_line_is_wrong_usage(cc: Cli) -> None:
    ran = await cc.run("doctor", "--url", "ftp://host/")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1


async def test_the_demo_is_wrong_usage(cc: Cli) -> None:
    ran = await cc.run("doctor", "--demo")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1


@pytest.mark.slow
async def test_the_bundle_has_no_secret(cc: Cli) -> None:
    (cc.directory / "token").write_text(TOKEN)
    path = cc.directory / "report.zip"
    async with FakeGateway(tokens=(TOKEN, DEVICE_TOKEN)) as gateway:
        gateway.device_token = DEVICE_TOKEN
        gateway.add_agent("otto")
        args = ("--url", gateway.url, "--token-file", str(cc.directory / "token"))
        await cc.run("status", "--log-level", "debug", *args)  # the device token is kept
        gateway.refusal = lambda _params: RefusalError(
            "INVALID_REQUEST", f"{TOKEN} is wrong", details={"code": "AUTH_TOKEN_MISMATCH"}
        )
        ran = await cc.run("doctor", "--log-level", "debug", "--bundle", str(path), *args)
        again = await cc.run("doctor", "--bundle", str(path), *args)

    assert ran.code == 3, ran
    assert str(path) in ran.out
    assert "It says: [redacted] is wrong" in ran.out
    assert TOKEN not in ran.out
    assert again.code == 3
    assert "File exists" in again.err
    assert DEVICE_TOKEN in (cc.directory / "data" / "device-tokens.json").read_text()
    private = json.loads((cc.directory / "data" / "identity.json").read_text())["private"]
    with zipfile.ZipFile(path) as bundle:
        files = {name: bundle.read(name).decode() for name in bundle.namelist()}
    for name, text in files.items():
        for secret in (TOKEN, DEVICE_TOKEN, private):
            assert secret not in text, name
    names = {name.split("/")[1] for name in files}
    assert names == {
        *("doctor.json", "doctor.txt", "settings.json", "environment.json", "log.txt"),
    }
    told = json.loads(files["cc-desktop-report/doctor.json"])
    assert told["gateways"][0]["steps"][-1]["problem"]["kind"] == "token-mismatch"
    assert told["gateways"][0]["device_token_kept"]["place"] == "file"


async def test_a_bundle_that_cannot_be_written(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        path = cc.directory / "nowhere" / "report.zip"
        ran = await cc.run("doctor", "--url", gateway.url, "--bundle", str(path))
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert str(path) in ran.err


async def test_a_terminal_without_the_signs(cc: Cli) -> None:
    cc.environ["PYTHONIOENCODING"] = "ascii"
    async with FakeGateway() as gateway:
        ran = await cc.run("doctor", "--url", gateway.url)
    assert ran.code == 0
    assert "  + 0 agents" in ran.out


def test_a_keyring_that_fails_in_a_way_that_nobody_expected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_self: object) -> None:
        raise LookupError

    monkeypatch.setattr(SystemKeyring, "state", fail)
    assert doctor.keyring_state(allowed=True) == "absent"
    assert doctor.keyring_state(allowed=False) == "off"
