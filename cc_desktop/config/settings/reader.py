"""Settings: command line, then environment, then the settings file, then defaults.

Reading never fails. What cannot be used falls back to its default, or blocks the one gateway that
it belongs to, and is told as a `SettingsProblem`; everything else goes on.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cc_desktop.config.address import AddressError, Mend, read_address
from cc_desktop.config.secrets.credentials import (
    Token,
    TokenError,
    is_readable_by_others,
    read_token_file,
)
from cc_desktop.config.secrets.token_sources import address_in, assign_token, has_secret
from cc_desktop.config.settings.checks import (
    can_be_proxy,
    can_be_rest_url,
    can_be_url,
    can_update_from,
    default_id,
    has_inner_space,
    names_of,
    printable,
    seconds,
    shown_address,
    shown_value,
)
from cc_desktop.config.settings.model import (
    DEFAULT_POLL_S,
    GatewaySettings,
    GuardSettings,
    Settings,
)
from cc_desktop.config.settings.tables import KEPT_KEYS, KNOWN, File, GatewayTable
from cc_desktop.config.settings.toml_lines import TomlLines
from cc_desktop.system.environment import TOKEN_NAMES
from cc_desktop.system.files import FileError, MissingFileError, read_private
from cc_desktop.system.network import default_rest_url
from cc_desktop.system.tls import read_fingerprint
from cc_desktop.text.settings import SettingsProblem, SlipKind

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_URL = "ws://localhost:18789/"
MAX_FILE = 1024 * 1024  # bytes

_Table = TypeVar("_Table", File, GatewayTable, GuardSettings)


def load_settings(
    path: Path,
    environ: Mapping[str, str],
    *,
    url: str | None = None,
    token_file: Path | None = None,
) -> Settings:
    """Read all sources. Raises nothing: what is wrong is in `Settings.problems`.

    Args:
        path: The settings file; it may be missing.
        environ: The environment.
        url: The gateway of the command line.
        token_file: The token file of the command line.
    """
    return _Reader(path, environ, url, token_file).read()


class _Reader:
    """Reads once, and collects what is wrong on the way."""

    def __init__(
        self, path: Path, environ: Mapping[str, str], url: str | None, token_file: Path | None
    ) -> None:
        self._path = path
        self._environ = environ
        self._url = url
        self._token_file = token_file
        self._problems: list[SettingsProblem] = []
        self._notes: list[SettingsProblem] = []
        self._lines = TomlLines("")
        in_environment = next((name for name in TOKEN_NAMES if environ.get(name)), "")
        self._token_from = "--token-file" if token_file is not None else in_environment

    def read(self) -> Settings:
        data = self._parse()
        file = self._convert(File, data or {})
        gateways, is_configured = self._gateways(data, file.gateways)
        update_url = file.update_url
        if not can_update_from(update_url):
            self._slip(SlipKind.VALUE, "update_url", shown_address(update_url))
            update_url = ""
        return Settings(
            gateways=tuple(gateways),
            demo=file.demo,
            demo_seed=file.demo_seed,
            stuck_after_ms=60_000 * file.stuck_after_minutes,
            keyring=file.keyring,
            update_url=update_url,
            when_unreachable=file.when_unreachable,
            hook_command=file.hooks.command,
            guard=self._convert(GuardSettings, file.guard, "guard"),
            problems=tuple(self._problems),
            notes=tuple(self._notes),
            is_configured=is_configured,
        )

    def _slip(
        self,
        kind: SlipKind,
        key: str = "",
        value: str = "",
        *,
        table: int | str | None = None,
        detail: str = "",
        gateway: str = "",
    ) -> SettingsProblem:
        """Note a slip in the file."""
        line = self._lines.line_of(key, table)
        problem = SettingsProblem(kind, key, value, str(self._path), line, gateway, detail)
        self._problems.append(problem)
        return problem

    # The file

    def _parse(self) -> dict[str, Any] | None:
        """The content of the file; None where it cannot be read."""
        line, kind = 0, SlipKind.SYNTAX
        try:
            text = read_private(self._path, MAX_FILE).decode("utf-8")
            self._lines = TomlLines(text)
            return tomllib.loads(text)
        except MissingFileError:
            return {}
        except FileError as error:
            kind, said = SlipKind.UNREADABLE, error.reason
        except RecursionError:
            said = "nested too deeply"
        except UnicodeDecodeError:
            said = "not a text file"
        except ValueError as error:  # also an integer with too many digits
            said = " ".join(str(error).split())[:200]
            found = re.search(r"\(at line (\d+), column \d+\)", said)
            if found:
                line, said = int(found[1]), said.replace(found[0], "").strip()
            elif "(at end of document)" in said:
                line, said = text.count("\n") + 1, said.replace("(at end of document)", "").strip()
        self._problems.append(
            SettingsProblem(kind, file=str(self._path), line=line, detail=said.rstrip("."))
        )
        return None

    def _convert(
        self, kind: type[_Table], data: Mapping[str, Any], table: int | str | None = None
    ) -> _Table:
        """Read each key for itself: one that does not fit keeps its default."""
        values = {}
        for key, value in data.items():
            if key not in KNOWN[kind]:
                if not isinstance(table, int) or key not in KEPT_KEYS:
                    line = self._lines.line_of(key, table)
                    shown = printable(key)
                    self._notes.append(
                        SettingsProblem(SlipKind.UNKNOWN_KEY, shown, "", str(self._path), line)
                    )
                continue
            try:
                values[key] = msgspec.convert(value, KNOWN[kind][key])
            except (msgspec.ValidationError, OverflowError):
                self._slip(SlipKind.VALUE, key, shown_value(key, value), table=table)
        return kind(**values)

    # Gateways

    def _gateways(
        self, data: Mapping[str, Any] | None, tables: list[dict[str, Any]]
    ) -> tuple[list[GatewaySettings], bool]:
        """The gateways, and whether anybody has named one."""
        named = self._url or address_in(self._environ)
        token = self._one_token(tables)
        if named or not (tables or data is None or "gateways" in data):
            gateway = self._named_gateway(named or DEFAULT_URL, token)
            # Who gives a token, or the address for HTTP, means the gateway of this machine.
            means_it = named or self._token_from or self._environ.get("GATEWAY_URL")
            return [gateway], bool(means_it)
        found: dict[str, GatewaySettings] = {}
        for number, table in enumerate(tables):
            gateway = self._gateway(number, table, token)
            if gateway.id in found:
                self._slip(SlipKind.DUPLICATE_ID, "id", gateway.id, table=number)
            else:
                found[gateway.id] = gateway
        return list(found.values()), True

    def _one_token(self, tables: list[dict[str, Any]]) -> Token:
        """The token of the command line, or else of the environment."""
        try:
            token, unused = assign_token(
                self._environ, tables, url=self._url, token_file=self._token_file
            )
        except TokenError as error:
            key = "--token-file" if self._token_file is not None else "OPENCLAW_GATEWAY_TOKEN"
            self._problems.append(SettingsProblem(SlipKind.TOKEN, key, detail=str(error)))
            return Token()
        if unused:
            self._notes.append(SettingsProblem(SlipKind.TOKEN_UNUSED, detail=unused))
        if self._token_file is not None:
            self._note_readable(self._token_file)
        return token

    def _named_gateway(self, url: str, token: Token) -> GatewaySettings:
        """The gateway of the command line or the environment, or of this machine."""
        key = "--url" if self._url else "GATEWAY_WS_URL"
        address, problem = self._address(url, SettingsProblem(SlipKind.ADDRESS, key))
        rest_url = self._environ.get("GATEWAY_URL", "")
        if not can_be_rest_url(rest_url):
            self._problems.append(
                SettingsProblem(SlipKind.VALUE, "GATEWAY_URL", shown_address(rest_url))
            )
            rest_url = ""
        pace = self._environ.get("GATEWAY_POLL_INTERVAL") or DEFAULT_POLL_S
        poll_s = seconds(pace)
        if poll_s is None:
            self._problems.append(
                SettingsProblem(SlipKind.VALUE, "GATEWAY_POLL_INTERVAL", printable(str(pace)))
            )
        ident, name = names_of(address)
        return GatewaySettings(
            id=ident,
            name=name,
            url=address,
            token=token,
            token_from=self._token_from,
            rest_url=rest_url or default_rest_url(address),
            poll_s=poll_s or DEFAULT_POLL_S,
            problem=problem,
        )

    def _gateway(self, number: int, data: dict[str, Any], token: Token) -> GatewaySettings:
        before = len(self._problems)
        table = self._convert(GatewayTable, data, number)
        bad_url = next(
            (slip for slip in self._problems[before:] if slip.key == "url"), None
        )  # it is no text
        where = SettingsProblem(
            SlipKind.ADDRESS,
            "url",
            file=str(self._path),
            line=self._lines.line_of("url", number),
        )
        url, problem = ("", bad_url) if bad_url else self._address(table.url, where)
        ident, name = self._names(number, table, url)
        token_from = self._token_from
        if table.token_file is not None:
            token_from = table.token_file
            token, slip = self._token_of_file(table.token_file, number)
            problem = problem or slip
        rest_url, poll_s = table.rest_url, seconds(table.poll_interval)
        if not can_be_rest_url(rest_url):
            self._slip(SlipKind.VALUE, "rest_url", shown_address(rest_url), table=number)
            rest_url = ""
        if poll_s is None:
            shown = shown_value("poll_interval", table.poll_interval)
            self._slip(SlipKind.VALUE, "poll_interval", shown, table=number)
        fingerprint = read_fingerprint(table.fingerprint)
        # What was to protect the connection must not be left out in silence.
        for key, fits in (
            ("proxy", can_be_proxy(table.proxy)),
            ("fingerprint", bool(fingerprint) or not table.fingerprint),
        ):
            if not fits:
                slip = self._slip(SlipKind.PROTECTION, key, table=number)
                problem = problem or slip
        return GatewaySettings(
            id=ident,
            name=name,
            url=url,
            token=token,
            token_from=token_from,
            rest_url=rest_url or default_rest_url(url),
            poll_s=poll_s or DEFAULT_POLL_S,
            insecure=table.insecure,
            client_id=table.client_id,
            client_mode=table.client_mode,
            access=table.access,
            proxy=table.proxy,
            fingerprint=fingerprint,
            enabled=table.enabled,
            problem=problem,
        )

    def _names(self, number: int, table: GatewayTable, url: str) -> tuple[str, str]:
        """Id and name; one that cannot be used falls back to the address."""
        ident, host = names_of(url)
        ident = ident or default_id(table.url, number)  # as the editor of the file calls it
        chosen = {"id": table.id or "", "name": table.name or ""}
        for key, value in chosen.items():
            if value and not value.isprintable():
                self._slip(SlipKind.VALUE, key, table=number)
                chosen[key] = ""
        if chosen["id"] == "demo":
            self._slip(SlipKind.RESERVED_ID, "id", "demo", table=number)
            chosen["id"] = ""
        return chosen["id"] or ident, chosen["name"] or chosen["id"] or host or ident

    def _address(self, typed: str, where: SettingsProblem) -> tuple[str, SettingsProblem | None]:
        """The address that is used, "" for none; and why there is none."""
        try:
            found = read_address(typed)
        except AddressError as error:
            slip = _at(where, SlipKind.ADDRESS, shown_address(typed), error.problem.value)
            self._problems.append(slip)
            return "", slip
        if has_secret(typed) or Mend.SECRET in found.mends:
            slip = _at(where, SlipKind.SECRET_IN_ADDRESS)
            self._problems.append(slip)
            return found.url, slip
        if not can_be_url(found.url, ("ws", "wss")) or has_inner_space(typed):
            slip = _at(where, SlipKind.ADDRESS, shown_address(typed), "unreadable")
            self._problems.append(slip)
            return "", slip
        if found.mends:
            mends = " ".join(mend.value for mend in found.mends)
            self._notes.append(_at(where, SlipKind.MENDED, found.url, mends))
        return found.url, None

    def _token_of_file(self, written: str, number: int) -> tuple[Token, SettingsProblem | None]:
        try:
            path = Path(written).expanduser()
            token = read_token_file(path)
        except TokenError as error:
            said = str(error)
        except RuntimeError:  # ~name of an unknown user
            said = f"{printable(written)}: there is no such user"
        else:
            self._note_readable(path)
            return token, None
        slip = self._slip(SlipKind.TOKEN, "token_file", table=number, detail=said)
        return Token(), slip

    def _note_readable(self, path: Path) -> None:
        note = SettingsProblem(SlipKind.TOKEN_READABLE, value=str(path))
        if is_readable_by_others(path) and note not in self._notes:
            self._notes.append(note)


def _at(
    where: SettingsProblem, kind: SlipKind, value: str = "", detail: str = ""
) -> SettingsProblem:
    return msgspec.structs.replace(where, kind=kind, value=value, detail=detail)
