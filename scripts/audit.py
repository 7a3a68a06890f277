"""`make audit`: known vulnerabilities and licences of what the app is shipped with.

Exit codes:
    0  everything was checked, and nothing was found
    1  something was found: a vulnerability, or a licence that may not be given away
    3  it could not be checked; that says nothing about vulnerabilities

Vulnerabilities come from pip-audit, in an environment of its own. It asks the service of the
package registry for each pin of requirements/runtime.txt. A service that does not know a package,
as a mirror does not, is no answer: pip-audit itself would say "no known vulnerabilities" then.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "packaging"))

import sbom  # noqa: E402 - beside the other scripts that make packages

TOOL = "pip-audit==2.10.1"
FOLDER = ROOT / "build/audit"
FINE, FOUND, UNKNOWN = 0, 1, 3


def pins(lock: Path) -> dict[str, Requirement]:
    """What a lock pins for this system, by name."""
    lines = lock.read_text("utf-8").splitlines()
    found = (Requirement(line.rstrip(" \\")) for line in lines if re.match(r"[a-z0-9]", line))
    return {
        sbom.canonical(one.name): one
        for one in found
        if one.marker is None or one.marker.evaluate()
    }


def judge(wanted: set[str], report: dict[str, Any]) -> tuple[int, list[str]]:
    """What the report of pip-audit means: an exit code, and lines for who reads it.

    Args:
        wanted: The names that had to be checked.
        report: What `pip-audit --format json` printed.
    """
    entries = {
        sbom.canonical(str(one.get("name"))): one
        for one in report.get("dependencies") or ()
        if isinstance(one, dict)
    }
    bad = [
        f"{name} {one.get('version')}: {flaw.get('id')}, mended in "
        f"{', '.join(flaw.get('fix_versions') or ()) or 'no version yet'}"
        for name, one in sorted(entries.items())
        for flaw in one.get("vulns") or ()
    ]
    checked = {name for name, one in entries.items() if "vulns" in one and "skip_reason" not in one}
    missing = sorted(wanted - checked)
    lines = [f"vulnerable: {line}" for line in bad]
    if missing:
        told = entries.get(missing[0], {}).get("skip_reason") or "the report does not name it"
        lines.append(
            f"vulnerabilities: NOT CHECKED for {len(missing)} of {len(wanted)} packages "
            f"({', '.join(missing[:4])}{', …' if len(missing) > 4 else ''}): {told}"
        )
    if not bad and not missing:
        lines.append(f"vulnerabilities: none known in {len(wanted)} packages")
    return (FOUND if bad else UNKNOWN if missing else FINE), lines


def vulnerabilities() -> tuple[int, list[str]]:
    """Ask pip-audit; what it could not ask counts as not checked."""
    lock = ROOT / "requirements/runtime.txt"
    wanted = set(pins(lock))
    python = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    command = [str(python), "-m", "pip_audit", "--requirement", str(lock), "--require-hashes"]
    options = ["--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "15"]
    try:
        if not (FOLDER / TOOL).exists():
            venv.create(FOLDER, with_pip=True, clear=True)
            install = [str(python), "-m", "pip", "install", "--quiet", TOOL]
            subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
            (FOLDER / TOOL).touch()
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=600, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return UNKNOWN, [f"vulnerabilities: NOT CHECKED, {TOOL} cannot be had: {error}"]
    try:
        report = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip() or "no word").splitlines()[-1]
        return UNKNOWN, [f"vulnerabilities: NOT CHECKED, the service was not reached: {last}"]
    return judge(wanted, report if isinstance(report, dict) else {})


def licences() -> tuple[int, list[str]]:
    """The licences of what is pinned for packages, and of what is in the bundle if there is one."""
    told: dict[str, str] = {}
    absent = []
    for name, pin in pins(ROOT / "requirements/package.txt").items():
        if name in sbom.BUILDERS:
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            absent.append(name)
            continue
        if not pin.specifier.contains(found.version):
            absent.append(name)
        told[name] = sbom.licence_of(HeaderParser().parsestr(found.read_text("METADATA") or ""))
    for bill in sorted((ROOT / "dist").glob("*.cdx.json")):
        for one in json.loads(bill.read_text("utf-8"))["components"]:
            told[one["name"]] = sbom.licence_in(one)
    lines = [f"licence: {name}: {text or 'none named'}" for name, text in sorted(told.items())]
    bad = [name for name, text in sorted(told.items()) if not sbom.is_allowed(text)]
    if bad:
        lines.append(f"licences: NOT ALLOWED: {', '.join(bad)}")
    if absent:
        lines.append(f"licences: NOT CHECKED, other or no version here: {', '.join(absent)}")
    if not bad and not absent:
        lines.append(f"licences: {len(told)} checked, all may be given away")
    return (FOUND if bad else UNKNOWN if absent else FINE), lines


def main() -> int:
    """Check, print, and say by the exit code what came out."""
    codes = []
    for check in (licences, vulnerabilities):
        code, lines = check()
        codes.append(code)
        print("\n".join(lines), flush=True)
    if FOUND in codes:
        return FOUND
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
