from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import cc_desktop
from cc_desktop import cli
from cc_desktop.about import ExitCode
from cc_desktop.diagnostics import logs
from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway, refused

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "agent:otto:main"
NAMES = ("GATEWAY_", "WS_GATEWAY", "OPENCLAW_", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
TOKEN = "s3cret-t0ken"


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.out)
        return data


class Cli:
    """Runs the program as a process of its own, with all its files in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(NAMES)}
        self.settings = directory / "settings.toml"
        self.settings.write_text("keyring = false\n")

    async def start(self, *args: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cc_desktop", "--config", str(self.directory), *args),
            env=self.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *args: str) -> Ran:
        process = await self.start(*args)
        out, err = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    def everything_written(self) -> str:
        return "".join(
            path.read_text("utf-8", "replace")
            for path in self.directory.rglob("*")
            if path.is_file() and path.name != "token"
        )


@pytest.fixture
def cc(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def fleet_of(gateway: FakeGateway, **row: Any) -> None:
    gateway.add_agent("otto", name="Otto", model={"primary": "mock/mock-1"})
    gateway.add_session(
        MAIN, **{"label": "Mail", "totalTokens": 7, "contextTokens": 100, "model": "m", **row}
    )


# status


async def test_the_status_is_in_the_language_of_the_locale_and_json_is_not(cc: Cli) -> None:
    del cc.environ["CC_DESKTOP_LANGUAGE"]
    cc.environ |= {"LC_ALL": "de_AT.UTF-8", "PYTHONUTF8": "1"}
    said = await cc.run("status", "--demo")
    assert "Beispieldaten, nicht Ihre Flotte" in said.out
    assert "Braucht Sie" in said.out

    url = "ws://127.0.0.1:9/"
    told = await cc.run("status", "--json", "--url", url, "--timeout", "2")
    assert "cannot be reached" in told.json["gateways"][0]["error"]["message"]
    wrong = await cc.run("status", "--timeout", "0")
    assert wrong.code == 2
    assert "Sekunden angeben" in wrong.err


async def test_a_live_fleet_as_json(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway, status="running", hasActiveRun=True)
        gateway.presence = [{"host": "box", "instanceId": "i", "mode": "gateway", "ts": 5}]
        ran = await cc.run("status", "--json", "--url", gateway.url)

    assert ran.code == 0, ran.err
    assert ran.out.count("\n") == 1
    assert ran.json["source"] == "live"
    (told,) = ran.json["gateways"]
    assert (told["state"], told["protocol"], told["error"]) == ("live", 4, None)
    (agent,) = ran.json["agents"]
    assert (agent["id"], agent["name"], agent["status"]) == ("otto", "Otto", "active")
    assert (agent["task"], agent["session_key"]) == ("Mail", MAIN)
    assert (agent["tokens"], agent["context_tokens"], agent["model"]) == (7, 100, "m")
    assert [device["name"] for device in ran.json["devices"]] == ["box"]
    assert ran.err == ""


async def test_a_live_fleet_as_text(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        ran = await cc.run("status", "--url", gateway.url)

    assert ran.code == 0
    assert ran.out.startswith("LIVE ")
    assert "Otto" in ran.out


async def test_something_that_needs_you_is_exit_code_1(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway, status="failed", lastRunError="out of cheese")
        ran = await cc.run("status", "--json", "--url", gateway.url)

    assert ran.code == 1
    assert ran.json["agents"][0]["status"] == "error"
    assert ran.json["agents"][0]["error"] == "out of cheese"


@pytest.mark.parametrize("how", ["--json", "--timeout=10"])
async def test_nobody_there_is_exit_code_3(cc: Cli, how: str) -> None:
    async with FakeGateway() as gateway:
        url = gateway.url
    ran = await cc.run("status", how, "--url", url)

    assert ran.code == 3
    if how == "--json":
        assert ran.json["source"] == "none"
        assert ran.json["agents"] == []
        assert ran.json["gateways"][0]["state"] == "waiting"
        assert ran.json["gateways"][0]["error"]["code"] == "unreachable"
        assert "openclaw gateway run" in ran.json["gateways"][0]["error"]["next_step"]
    else:
        assert ran.out.startswith("NO CONNECTION")
        assert "Not reachable" in ran.out


async def test_a_wrong_token_is_exit_code_3_and_says_what_to_do(cc: Cli) -> None:
    async with FakeGateway(tokens=("other",)) as gateway:
        cc.environ["OPENCLAW_GATEWAY_TOKEN"] = TOKEN
        ran = await cc.run("status", "--json", "--url", gateway.url)

        assert gateway.connections == 1
    assert ran.code == 3
    (told,) = ran.json["gateways"]
    assert told["state"] == "blocked"
    assert told["error"]["code"] == "AUTH_TOKEN_MISMATCH"
    assert "OPENCLAW_GATEWAY_TOKEN" in told["error"]["next_step"]


async def test_pairing_tells_the_command(cc: Cli) -> None:
    refusal = refused("PAIRING_REQUIRED", outer="NOT_PAIRED", requestId="req-1")
    async with FakeGateway() as gateway:
        gateway.refusal = lambda _params: refusal
        ran = await cc.run("status", "--url", gateway.url)

    assert ran.code == 3
    assert "openclaw devices approve req-1" in ran.out


async def test_a_silent_gateway_is_waited_for_as_long_as_told(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        gateway.silent = True
        ran = await cc.run("status", "--json", "--timeout", "0.5", "--url", gateway.url)

    assert ran.code == 3
    assert ran.json["gateways"][0]["state"] == "connecting"


async def test_the_demo_is_asked_for_and_said(cc: Cli) -> None:
    as_json, as_text = await asyncio.gather(
        cc.run("--demo", "status", "--json"), cc.run("status", "--demo")
    )

    assert as_json.code in (0, 1)
    assert as_json.json["source"] == "demo"
    assert as_json.json["gateways"] == []
    assert len(as_json.json["agents"]) > 5
    assert as_text.out.startswith("DEMO - sample data, not your fleet")


async def test_status_never_falls_back_to_the_demo_by_itself(cc: Cli) -> None:
    cc.settings.write_text("keyring = false\ndemo = true\n")
    async with FakeGateway() as gateway:
        gateway.silent = True
        ran = await cc.run("status", "--json", "--timeout", "1.8", "--url", gateway.url)

    assert ran.json["source"] == "none"


async def test_watching_prints_a_line_for_every_change_and_ends_on_a_signal(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        process = await cc.start("status", "--watch", "--json", "--url", gateway.url)
        assert process.stdout is not None
        first = json.loads(await asyncio.wait_for(process.stdout.readline(), 10))
        assert first["agents"][0]["status"] == "idle"
        await gateway.change(MAIN, status="failed")
        while True:
            line = json.loads(await asyncio.wait_for(process.stdout.readline(), 10))
            if line["agents"][0]["status"] == "error":
                break
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 10)

        assert process.returncode == 1
        await until(lambda: 1000 in gateway.close_codes)


async def test_a_reader_that_goes_ends_the_watch_quietly(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        process = await cc.start("status", "--watch", "--url", gateway.url)
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.wait_for(process.stdout.readline(), 10)
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        for number in range(100):
            if process.returncode is not None:
                break
            await gateway.change(MAIN, totalTokens=number)
            await asyncio.sleep(0.05)
        err = await process.stderr.read()
        await process.wait()

        assert process.returncode == 141
        assert err == b""


# Without a display


async def test_without_a_display_the_fleet_is_text_until_a_signal(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        process = await cc.start("--url", gateway.url)
        assert process.stdout is not None
        lines = b""
        while b"Otto" not in lines:
            lines += await asyncio.wait_for(process.stdout.readline(), 10)
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 10)

    assert process.returncode == 0
    assert b"no display here" in err


# Tokens


async def test_a_token_is_in_nothing_that_is_printed_or_written(cc: Cli) -> None:
    (cc.directory / "token").write_text(TOKEN)
    async with FakeGateway(tokens=(TOKEN,)) as gateway:
        fleet_of(gateway)
        args = ("--token-file", str(cc.directory / "token"), "--url", gateway.url)
        ran = await cc.run("--log-level", "debug", "status", "--json", *args)
        gateway.tokens = ("other",)
        refusal = await cc.run("--log-level", "debug", "status", *args)

        assert gateway.connect_params["auth"] == {"token": TOKEN, "password": TOKEN}
    assert (ran.code, refusal.code) == (0, 3)
    for text in (ran.out, ran.err, refusal.out, refusal.err, cc.everything_written()):
        assert TOKEN not in text


# Bad input: one line, exit code 2, no traceback

BAD = [
    ("unknown option", ["--colour"]),
    ("unknown command", ["dance"]),
    ("timeout no number", ["status", "--timeout", "soon"]),
    ("timeout 0", ["status", "--timeout", "0"]),
    ("timeout nan", ["status", "--timeout", "nan"]),
    ("timeout too long", ["status", "--timeout", "1e9"]),
    ("url of a file", ["status", "--url", "ftp://localhost/"]),
    ("url with a password", ["status", "--url", "ws://me:hunter2@h/"]),
    ("url empty", ["status", "--url", "ws://"]),
    ("url with a line break", ["status", "--url", "ws://h/a\nb"]),
    ("no token file", ["status", "--token-file", "/nowhere/token"]),
    ("log level", ["--log-level", "loud", "status"]),
]


@pytest.mark.parametrize("args", [pytest.param(args, id=name) for name, args in BAD])
def test_bad_input_is_one_line(
    args: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], clean: None
) -> None:
    try:
        code = cli.main(["--config", str(tmp_path), *args])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()

    assert code == 2
    assert out == ""
    assert err.startswith("cc-desktop: ")
    assert err.count("\n") == 1
    assert "hunter2" not in err


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(NAMES):
            monkeypatch.delenv(name)
    monkeypatch.setattr(logs, "start", lambda *_: None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("demo = ", "cannot be read"),
        ('demo = "yes"', 'demo cannot be "yes"'),
        ('[[gateways]]\nurl = "ftp://h"', "ftp://h is not one of a gateway"),
        ("gateways = 3", "[[gateways]]"),
    ],
)
async def test_a_slip_in_the_settings_is_one_line_and_the_rest_goes_on(
    cc: Cli, text: str, says: str
) -> None:
    cc.settings.write_text(f"{text}\n")

    ran = await cc.run("--demo", "status", "--json")

    assert ran.json["source"] == "demo"
    assert ran.code in (0, 1)
    assert ran.err.startswith(f"cc-desktop: {cc.settings}")
    assert says in ran.err
    assert ran.err.count("\n") == 1


async def test_a_gateway_with_a_slip_is_blocked_beside_a_live_one(cc: Cli) -> None:
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        cc.settings.write_text(
            f'keyring = false\n[[gateways]]\nid = "good"\nurl = "{gateway.url}"\n'
            '[[gateways]]\nid = "bad"\nurl = "ws://h:1/"\ntoken_file = "/nowhere"\n'
        )
        ran = await cc.run("status", "--json")

    assert ran.code == 0
    assert [told["state"] for told in ran.json["gateways"]] == ["live", "blocked"]
    assert ran.json["gateways"][1]["error"]["message"].endswith(f"{cc.settings}:8.")
    assert ran.err.startswith(f"cc-desktop: {cc.settings}:8: The token cannot be used: /nowhere")


def test_a_bad_token_of_the_environment_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    clean: None,
) -> None:
    monkeypatch.setenv("OPENCLAW_GATEWAY_TOKEN", f"{TOKEN}\n{TOKEN}")

    assert cli.main(["--config", str(tmp_path), "--demo", "status", "--json"]) in (0, 1)
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert TOKEN not in err


async def test_a_setting_that_is_unknown_is_told_and_no_more(cc: Cli) -> None:
    cc.settings.write_text('keyring = false\ncolour = "red"\n')

    ran = await cc.run("--demo", "status", "--json")

    assert ran.json["source"] == "demo"
    assert ran.err.count("\n") == 1
    assert "colour" in ran.err


async def test_where_no_log_can_be_written_it_works_all_the_same(cc: Cli) -> None:
    (cc.directory / "log").write_text("a file where a directory belongs")

    ran = await cc.run("--demo", "status", "--json")

    assert ran.json["source"] == "demo"
    assert ran.err.startswith("cc-desktop: no log file: ")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])

    assert end.value.code == 0
    assert capsys.readouterr().out == f"cc-desktop {cc_desktop.__version__}\n"


# Internal errors: never a hang, never exit code 0

FAULT = """
import sys
from cc_desktop import cli, monitor
{patch}
sys.exit(cli.main(sys.argv[1:]))
"""
ENDS = """
async def ends(self):
    raise LookupError("nobody expected this")
monitor.FleetMonitor.run = ends
"""
ENDS_LATER = """
import asyncio
run = monitor.FleetMonitor.run
async def ends(self):
    task = asyncio.create_task(run(self))
    await asyncio.sleep(0.5)
    task.cancel()
    raise LookupError("nobody expected this")
monitor.FleetMonitor.run = ends
"""
CANNOT_START = """
def broken(*_, **__):
    raise LookupError("nobody expected this")
monitor.FleetMonitor.__init__ = broken
"""


@pytest.mark.parametrize("patch", [ENDS, ENDS_LATER, CANNOT_START])
@pytest.mark.parametrize(
    "args", [("status", "--timeout=60"), ("status", "--watch"), ("--hidden",)], ids=" ".join
)
async def test_a_monitor_that_ends_is_said_and_has_its_exit_code(
    args: tuple[str, ...], patch: str, cc: Cli
) -> None:
    async with FakeGateway() as gateway:
        gateway.silent = True
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", FAULT.format(patch=patch), "--config", str(cc.directory)),
            *(*args, "--url", gateway.url),
            env=cc.environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await asyncio.wait_for(process.communicate(), 20)

    assert process.returncode == 70
    assert b"internal error: LookupError: nobody expected this\n" in err
    assert b"Traceback" not in err
    assert "LookupError" in cc.everything_written()


async def test_a_gateway_that_is_an_internal_error_is_shown_and_the_other_is_live(
    cc: Cli,
) -> None:
    patch = """
from cc_desktop.gateway.supervisor import GatewaySupervisor
run = GatewaySupervisor.run
async def fails(self):
    if self.gateway == "bad":
        raise LookupError("nobody expected this")
    await run(self)
GatewaySupervisor.run = fails
"""
    async with FakeGateway() as gateway:
        fleet_of(gateway)
        cc.settings.write_text(
            f'keyring = false\n[[gateways]]\nid = "bad"\nurl = "{gateway.url}"\n'
            f'[[gateways]]\nid = "good"\nurl = "{gateway.url}"\n'
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", FAULT.format(patch=patch), "--config", str(cc.directory)),
            *("status", "--json"),
            env=cc.environ,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 20)

    bad, good = json.loads(out)["gateways"]
    assert (bad["state"], bad["error"]["code"]) == ("waiting", "internal")
    assert good["state"] == "live"
    assert process.returncode == 0


@pytest.mark.parametrize("args", ["status", "status --json", "status --watch", ""])
@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_has_gone_is_no_traceback(args: str, cc: Cli) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "cc_desktop", "--config", str(cc.directory), "--demo"),
                *args.split(),
            ],
            env=cc.environ,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=20,
            check=False,
        )

    assert done.returncode == 141
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_the_timeout_says_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["status", "--timeout", "0"])

    line = "cc-desktop: argument --timeout: write seconds, more than 0 and at most 3600\n"
    assert capsys.readouterr().err == line


async def test_a_log_that_cannot_be_written_is_said_once(cc: Cli) -> None:
    (cc.directory / "log" / "cc-desktop.log").mkdir(parents=True)
    async with FakeGateway() as gateway:
        url = gateway.url
    ran = await cc.run("--log-level", "debug", "status", "--url", url)

    assert ran.err.count("no log from here on") == 1
    assert "Traceback" not in ran.err
    assert "Logging error" not in ran.err


def test_every_exit_code_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    out = capsys.readouterr().out

    for code in ExitCode:
        assert f"\n  {code.value} " in out
