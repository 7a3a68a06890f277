"""Files that are damaged, and a disk that is full."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from cc_desktop.config.paths import find_paths
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings import GatewaySettings, Settings
from cc_desktop.fleet.model import ConnectionState
from cc_desktop.monitor import FleetMonitor
from tests.chaos.scenario import Chaos, Skipped, check
from tests.fakes.clock import until
from tests.fakes.gateway import FakeGateway

if TYPE_CHECKING:
    from pathlib import Path

_LIVE_S = 15.0
_DISK = "64k"


async def _start_once(config: Path, url: str) -> FleetMonitor:
    """Run the monitor until its gateway is live, and end it."""
    settings = Settings((GatewaySettings("g", "g", url, Token("")),), keyring=False, demo=False)
    monitor = FleetMonitor(settings, find_paths(config))
    task = asyncio.create_task(monitor.run())
    try:
        await until(lambda: task.done() or _state(monitor) is ConnectionState.LIVE, "live", _LIVE_S)
        check(not task.done(), f"it ended: {task}")
        monitor.memory.state.set("chaos", {"a": list(range(20))})
        await asyncio.sleep(0)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return monitor


def _state(monitor: FleetMonitor) -> ConnectionState:
    return monitor.store.fleet.gateways["g"].connection.state


async def damaged(chaos: Chaos) -> str:
    """Own files that are cut off, empty or of another kind: the app starts, and is live."""
    good, config = chaos.path / "good", chaos.path / "config"
    count = 6 if chaos.short else 60
    starts = 0
    async with FakeGateway(4) as gateway:
        gateway.device_token = "a-device-token"
        gateway.add_agent("otto")
        await _start_once(good, gateway.url)
        files = [path for path in sorted(good.rglob("*.json")) if path.stat().st_size]
        check(len(files) >= 2, f"only {files} were written")
        for path in files:
            data = path.read_bytes()
            offsets = sorted(chaos.rng.sample(range(len(data)), min(count, len(data))))
            contents = [data[:offset] for offset in offsets]
            contents += [b"", b"[]", b"null", b'{"a": 7}', b"\xff\xfe", b"[" * 100_000]
            for content in contents:
                shutil.rmtree(config, ignore_errors=True)
                shutil.copytree(good, config)
                (config / path.relative_to(good)).write_bytes(content)
                try:
                    await _start_once(config, gateway.url)
                except Exception as error:
                    what = f"{path.name} = {content[:40]!r} ({len(content)} bytes)"
                    raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
                starts += 1
    return f"{starts} starts with one of {', '.join(path.name for path in files)} damaged"


async def disk_full(chaos: Chaos) -> str:
    """A disk without room: it says so, nothing is torn, and with room all is well again."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        raise Skipped("needs root on Linux, for a small disk of its own")
    async with FakeGateway(4) as gateway:
        gateway.device_token = "a-device-token"
        gateway.add_agent("otto")
        # A mount namespace of its own: nobody else sees the disk, and it goes with the process.
        place = chaos.path / "disk"
        place.mkdir()
        script = (
            f"mount -t tmpfs -o size={_DISK} tmpfs {place} && "
            f"exec {sys.executable} -m tests.chaos.files {place} {gateway.url}"
        )
        process = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "sh", "-c", script),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": str(place), "XDG_CACHE_HOME": str(place)},
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), 120)
        except TimeoutError:
            process.kill()
            raise AssertionError("it hangs on a full disk") from None
    if b"mount:" in err or b"unshare" in err:
        raise Skipped(err.decode().strip().splitlines()[-1])
    if process.returncode != 0:
        # The child's last words; all of it goes to the log of this run.
        print(err.decode(errors="replace"))
        words = [line for line in err.decode(errors="replace").splitlines() if line.strip()]
        raise AssertionError(words[-1] if words else f"exit code {process.returncode}")
    return out.decode().strip()


def _status(config: Path, url: str) -> tuple[int, str, str]:
    done = subprocess.run(
        (
            *(sys.executable, "-m", "cc_desktop", "--config", str(config), "--url", url),
            *("status", "--json", "--timeout", "8"),
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=40,
    )
    return done.returncode, done.stdout, done.stderr


def _on_a_small_disk(place: Path, url: str) -> str:
    """In a process of its own, on a disk of `_DISK`."""
    config, filler = place / "config", place / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    told: list[str] = []
    for when in ("from the start", "later"):
        fill()
        code, out, err = _status(config, url)
        check("Traceback" not in err + out, f"full {when}: a traceback is printed")
        check(0 <= code < 10, f"full {when}: exit code {code}")
        filler.unlink()
        left = [path.name for path in config.rglob("*") if path.is_file() and _torn(path)]
        check(not left, f"full {when}: torn or left behind: {left}")
        code, out, err = _status(config, url)
        check('"live"' in out, f"full {when}, then not live: {out[:200]} {err[-300:]}")
        told.append(f"full {when}: live again")
    return "; ".join(told)


def _torn(path: Path) -> bool:
    if path.suffix != ".json":
        return path.name.startswith(".")  # a draft that was left behind
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return True
    return False


if __name__ == "__main__":
    from pathlib import Path

    print(_on_a_small_disk(Path(sys.argv[1]), sys.argv[2]))
