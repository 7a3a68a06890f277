"""What the composition root hands to the desktop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cc_desktop import cli
from cc_desktop.desktop import lifecycle
from cc_desktop.diagnostics import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cc_desktop.desktop.system_services import SystemServices
    from cc_desktop.monitor import FleetMonitor

OPTIONS = ("--url", "ws://127.0.0.1:9", "--log-level", "error")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """The programs that are started, with their environment."""
    found: list[tuple[list[str], dict[str, str]]] = []

    def popen(command: Sequence[str], *, env: dict[str, str], **_: object) -> None:
        found.append((list(command), env))

    monkeypatch.setattr("subprocess.Popen", popen)
    return found


@pytest.mark.parametrize("hidden", [False, True])
def test_an_app_that_starts_again_has_the_same_options_and_secrets(
    hidden: bool,
    started: list[tuple[list[str], dict[str, str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(_make_monitor: object, *, services: SystemServices, **_: Any) -> int:
        services.restart()
        services.restart_hidden()
        return 0

    monkeypatch.setattr(lifecycle, "run_controller", run)
    monkeypatch.setattr(logs, "start", lambda *_: None)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("OPENCLAW_GATEWAY_TOKEN", "s3cret-t0ken")
    arguments = ["--config", str(tmp_path), *OPTIONS]

    assert cli.main([*arguments, *(["--hidden"] if hidden else [])]) == 0

    (shown, environ), (in_tray, same) = started
    assert set(arguments) <= set(shown)
    assert "--hidden" not in shown
    assert in_tray == [*shown, "--hidden"]
    assert environ == same
    assert environ["OPENCLAW_GATEWAY_TOKEN"] == "s3cret-t0ken"


@pytest.mark.parametrize(("named", "gateways"), [(False, 0), (True, 1)])
def test_without_a_named_gateway_the_window_has_none(
    named: bool, gateways: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []

    def run(make_monitor: Callable[[], FleetMonitor], **_: Any) -> int:
        monitor = make_monitor()
        found.append(len(monitor.settings.gateways))
        monitor.reload()
        found.append(len(monitor.settings.gateways))
        return 0

    monkeypatch.setattr(lifecycle, "run_controller", run)
    monkeypatch.setattr(logs, "start", lambda *_: None)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    for name in ("GATEWAY_WS_URL", "WS_GATEWAY_URL", "GATEWAY_URL"):
        monkeypatch.delenv(name, raising=False)
    if named:
        monkeypatch.setenv("GATEWAY_WS_URL", "ws://127.0.0.1:9/")

    assert cli.main(["--config", str(tmp_path)]) == 0
    assert found == [gateways, gateways]
