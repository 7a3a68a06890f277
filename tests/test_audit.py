"""`make audit` says "none known" only when every package was checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "scripts"))

import audit  # noqa: E402 - a script, no package

WANTED = {"a", "b"}
FINE_A: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
FINE_B: dict[str, Any] = {"name": "B", "version": "2", "vulns": []}
SKIPPED_B = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited"}
FLAW = {"id": "PYSEC-1", "fix_versions": ["1.1"]}


def judged(*entries: Any) -> tuple[int, str]:
    code, lines = audit.judge(WANTED, {"dependencies": list(entries)})
    return code, "\n".join(lines)


def test_all_checked_and_none_known() -> None:
    assert judged(FINE_A, FINE_B) == (0, "vulnerabilities: none known in 2 packages")


def test_a_package_that_the_service_does_not_know_was_not_checked() -> None:
    code, text = judged(FINE_A, SKIPPED_B)
    assert code == 3
    assert "NOT CHECKED for 1 of 2 packages (b): Dependency not found" in text
    assert "none known" not in text


@pytest.mark.parametrize("entries", [(), (FINE_A,), (FINE_A, "rubbish"), (FINE_A, {"name": "b"})])
def test_a_package_that_the_report_leaves_out_was_not_checked(entries: tuple[Any, ...]) -> None:
    code, text = judged(*entries)
    assert code == 3
    assert "NOT CHECKED" in text


def test_a_flaw_is_told_with_its_mend_even_when_others_were_not_checked() -> None:
    code, text = judged({**FINE_A, "vulns": [FLAW]}, SKIPPED_B)
    assert code == 1
    assert "vulnerable: a 1: PYSEC-1, mended in 1.1" in text
    assert "NOT CHECKED for 1 of 2" in text


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """pip-audit, as it is installed; what it does is what is put in here."""
    (tmp_path / audit.TOOL).touch()
    monkeypatch.setattr(audit, "FOLDER", tmp_path)
    does: dict[str, Any] = {"stdout": "", "stderr": "", "raises": None}

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if does["raises"]:
            raise does["raises"]
        return subprocess.CompletedProcess(command, 1, does["stdout"], does["stderr"])

    monkeypatch.setattr(subprocess, "run", run)
    return does


def test_a_service_that_cannot_be_reached_is_no_all_clear(tool: dict[str, Any]) -> None:
    tool["stderr"] = "Traceback\nConnectionError: no such host"
    code, (line,) = audit.vulnerabilities()
    assert code == 3
    assert line == (
        "vulnerabilities: NOT CHECKED, the service was not reached: ConnectionError: no such host"
    )


@pytest.mark.parametrize(
    "error", [OSError("no disk"), subprocess.TimeoutExpired("pip", 600), PermissionError("no")]
)
def test_a_tool_that_cannot_be_had_is_no_all_clear(tool: dict[str, Any], error: Exception) -> None:
    tool["raises"] = error
    code, (line,) = audit.vulnerabilities()
    assert code == 3
    assert "NOT CHECKED" in line


@pytest.mark.parametrize("said", ["[]", '"none"', "null", "{}"])
def test_an_answer_of_another_form_is_no_all_clear(tool: dict[str, Any], said: str) -> None:
    tool["stdout"] = said
    code, lines = audit.vulnerabilities()
    assert code == 3
    assert "NOT CHECKED" in lines[0]


def test_every_pin_of_the_lock_has_to_be_checked(tool: dict[str, Any]) -> None:
    names = audit.pins(ROOT / "requirements/runtime.txt")
    assert {"msgspec", "websockets", "pyside6-essentials"} <= names.keys()
    entries = [{"name": name, "version": "1", "vulns": []} for name in names]
    tool["stdout"] = json.dumps({"dependencies": entries})
    assert audit.vulnerabilities()[0] == 0
    tool["stdout"] = json.dumps({"dependencies": entries[1:]})
    assert audit.vulnerabilities()[0] == 3


def test_a_bundle_that_brings_another_licence_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/package.txt").write_text("")
    (tmp_path / "dist").mkdir()
    bill = tmp_path / "dist/cc-desktop-1.cdx.json"

    def ends(licence: str) -> int:
        entry = {"name": "x", "licenses": [{"license": {"id": licence}}]}
        bill.write_text(json.dumps({"components": [entry]}))
        return audit.licences()[0]

    assert [ends("MIT"), ends("GPL-3.0-only")] == [0, 1]
    bill.write_text(json.dumps({"components": [{"name": "x"}]}))
    assert audit.licences()[0] == 1
