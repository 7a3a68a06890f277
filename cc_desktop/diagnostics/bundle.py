"""One zip for a support request: versions, settings, findings and the log, without any secret."""

from __future__ import annotations

import io
import json
import os
import tomllib
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from cc_desktop.diagnostics.doctor import without_secrets
from cc_desktop.diagnostics.logs import BACKUPS, LOG_FILE
from cc_desktop.system.files import FileError, read_private
from cc_desktop.system.redaction import REDACTED, add_secret, redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cc_desktop.config.paths import Paths
    from cc_desktop.diagnostics.timeline import Timeline

LOG_LINES = 200
_MAX_FILE = 4 * 2**20  # bytes
# Settings whose value is shown. Whatever else somebody wrote there may be a secret.
_SHOWN = {
    *("id", "name", "url", "rest_url", "poll_interval", "insecure", "client_id", "client_mode"),
    *("access", "auth", "token_file", "enabled", "fingerprint", "scopes", "proxy", "gateways"),
    *("demo", "demo_seed", "stuck_after_minutes", "keyring", "update_url", "when_unreachable"),
    *("guard", "same_calls", "within_minutes", "times_usual", "usual_after_runs", "least_tokens"),
}
_ENVIRONMENT = (
    *("LANG", "LC_ALL", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "DESKTOP_SESSION", "DISPLAY"),
    *("WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "FLATPAK_ID", "SNAP_NAME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy"),
    *("all_proxy", "no_proxy", "GATEWAY_WS_URL", "WS_GATEWAY_URL", "SSL_CERT_FILE"),
)


class BundleError(Exception):
    """The file cannot be written. The text is one line: which file and why."""


def make_bundle(
    paths: Paths,
    found: Mapping[str, Any],
    lines: list[str],
    environ: Mapping[str, str],
    timeline: Timeline | None = None,
) -> bytes:
    """Make the zip in memory.

    Args:
        paths: Where files belong.
        found: What `doctor.as_json` tells.
        lines: The same as it is printed.
        environ: The environment.
        timeline: Of the running app, where there is one.
    """
    learn_secrets(paths)
    files = {
        "doctor.json": _pretty(without_secrets(found)),
        "doctor.txt": "\n".join(lines),
        "settings.json": _pretty(shown_settings(paths.settings)),
        "environment.json": _pretty(
            {name: _without_login(environ[name]) for name in _ENVIRONMENT if name in environ}
        ),
        "log.txt": "\n".join(last_log_lines(paths.log)),
    }
    if timeline is not None:
        files["timeline.txt"] = "\n".join(entry.line() for entry in timeline.entries)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            info = zipfile.ZipInfo(f"cc-desktop-report/{name}", _now())
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            bundle.writestr(info, redact(text).encode("utf-8", "backslashreplace") + b"\n")
    return buffer.getvalue()


def write_bundle(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read.

    Raises:
        BundleError: There is a file of this name already, or it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise BundleError(f"{path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise BundleError(f"{path}: {error.strerror}") from None


def learn_secrets(paths: Paths) -> None:
    """Let the redaction know every secret that this app keeps in files."""
    for path in (paths.tokens, paths.shared_tokens, paths.identity):
        try:
            _learn(msgspec.json.decode(read_private(path, _MAX_FILE)))
        except (FileError, msgspec.DecodeError, UnicodeError, RecursionError):
            continue


def _learn(value: object, name: str = "") -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            _learn(each, str(key))
    elif isinstance(value, list):
        for each in value:
            _learn(each, name)
    elif isinstance(value, str) and name != "instance_id":
        add_secret(value)


def shown_settings(path: Path) -> Any:
    """The settings file with the values of the keys that this app knows, and of no other."""
    try:
        return _shown(tomllib.loads(read_private(path, _MAX_FILE).decode("utf-8")))
    except FileError as error:
        return {"file": str(error)}
    except (ValueError, RecursionError):
        return {"file": "cannot be read as TOML; doctor.txt says where"}


def _shown(value: Any, known: bool = True) -> Any:
    if isinstance(value, dict):
        return {key: _shown(each, known and key in _SHOWN) for key, each in value.items()}
    if isinstance(value, list):
        return [_shown(each, known) for each in value]
    if not known:
        return REDACTED
    return _without_login(value) if isinstance(value, str) else value


def _without_login(text: str) -> str:
    """An address without user name, password, query and fragment; other texts as they are."""
    if "://" not in text and "@" not in text:
        return text
    try:
        parts = urlsplit(text)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return REDACTED


def last_log_lines(directory: Path, count: int = LOG_LINES) -> list[str]:
    """The end of the log, over its rotated files."""
    lines: list[str] = []
    for number in range(BACKUPS + 1):
        if len(lines) >= count:
            break
        name = f"{LOG_FILE}.{number}" if number else LOG_FILE
        try:
            text = read_private(directory / name, _MAX_FILE).decode("utf-8", "replace")
        except FileError:
            continue
        lines = [*text.splitlines(), *lines]
    return [redact(line) for line in lines[-count:]]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, default=str)


def _now() -> tuple[int, int, int, int, int, int]:
    now = datetime.now()
    return (max(now.year, 1980), now.month, now.day, now.hour, now.minute, now.second)
