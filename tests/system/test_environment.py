from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cc_desktop import cli
from cc_desktop.system.environment import (
    SECRET_NAMES,
    child_environment,
    restart_environment,
    take_secrets,
)

SECRETS = {name: f"secret-{name}" for name in SECRET_NAMES}


def test_the_secrets_leave_the_environment_and_are_returned() -> None:
    environ = {"HOME": "/home/me", **SECRETS}

    taken = take_secrets(environ)

    assert taken == {"HOME": "/home/me", **SECRETS}
    assert environ == {"HOME": "/home/me"}
    assert take_secrets(environ) == {"HOME": "/home/me"}


def test_the_environment_of_a_child_has_none() -> None:
    assert child_environment({"HOME": "/home/me", **SECRETS}) == {"HOME": "/home/me"}


def test_the_app_that_starts_again_has_its_secrets_and_what_is_set_now() -> None:
    before = {"HOME": "/home/me", "OLD": "1", **SECRETS}

    assert restart_environment(before, {"HOME": "/home/me", "NEW": "1"}) == {
        "HOME": "/home/me",
        "NEW": "1",
        **SECRETS,
    }


def child_sees() -> str:
    program = "import os; print(sorted(os.environ.items()))"
    # No `env`: what a child inherits when nobody thinks of it.
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return run.stdout


def test_a_program_that_the_command_line_starts_inherits_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert "secret-" in child_sees()

    with pytest.raises(SystemExit):
        cli.main(["--version"])

    assert capsys.readouterr().out
    assert not SECRET_NAMES & set(os.environ)
    assert "secret-" not in child_sees()
