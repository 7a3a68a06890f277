"""Writes the settings file. Comments, order and unknown keys stay as their author left them.

Every edit starts from what is on the disk at that moment, so a change made in an editor while the
window is open survives, and so does ours. A lock file keeps two processes of this app apart.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from cc_desktop.config.settings.checks import default_id
from cc_desktop.system.files import FileError, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tomlkit import TOMLDocument

_LOCK_PAUSE_S = 0.01
LOCK_WAIT_S = 2.0  # a writer needs a hundredth; one that was stopped must not stop us for ever
_ATTEMPTS = 5  # how often an edit starts again because an editor wrote meanwhile


class SettingsFileError(Exception):
    """The file cannot be read or written. The text is one line: which file and why."""


class GatewayEntry(msgspec.Struct, frozen=True):
    """What the settings window knows of one `[[gateways]]` table. Empty fields are left out."""

    id: str
    url: str
    name: str = ""
    token_file: str = ""
    rest_url: str = ""
    proxy: str = ""
    insecure: bool = False
    enabled: bool = True
    scopes: tuple[str, ...] = ()
    fingerprint: str = ""  # SHA-256 of a certificate that the operator trusts, hex


class Removed(msgspec.Struct, frozen=True):
    """A gateway that was removed, with all that is needed to put it back."""

    index: int
    text: str  # its table, comments included


class SettingsFile:
    """Reads and edits one TOML file."""

    def __init__(self, path: Path, lock_wait_s: float = LOCK_WAIT_S) -> None:
        """`lock_wait_s`: how long another writer is waited for; windows call this."""
        self.path = path
        self._lock_wait_s = lock_wait_s

    def stamp(self) -> bytes:
        """The content as it is now; empty where there is no file. Differs after any change.

        Raises:
            SettingsFileError: the file is there but cannot be read.
        """
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise SettingsFileError(f"{self.path}: {error.strerror}") from None

    def gateways(self) -> list[GatewayEntry]:
        """The gateways as they are now; a field that cannot be used is as if it were not there.

        Raises:
            SettingsFileError: the file cannot be read.
        """
        tables = self._parse(self.stamp()).get("gateways")
        if not isinstance(tables, AoT):
            return []
        return [_entry(number, table.unwrap()) for number, table in enumerate(tables)]

    def add_gateway(self, entry: GatewayEntry) -> None:
        """Append a gateway.

        Raises:
            SettingsFileError: its id is taken, or the file cannot be read or written.
        """

        def change(document: TOMLDocument) -> None:
            tables = _gateways(document)
            self._must_be_free(tables, entry.id)
            tables.append(_table(entry))

        self._edit(change)

    def update_gateway(self, ident: str, entry: GatewayEntry) -> None:
        """Change the gateway with the id `ident`. Keys that this app does not know stay.

        So do those whose values it cannot use, unless they are set to something else.

        Raises:
            SettingsFileError: there is no such gateway, its new id is taken, or the file cannot be
                read or written.
        """

        def change(document: TOMLDocument) -> None:
            tables = _gateways(document)
            place = self._place(tables, ident)
            if entry.id != ident:
                self._must_be_free(tables, entry.id)
            table = tables[place]
            known = _fields(_entry(place, table.unwrap()))
            for key, value in _fields(entry).items():
                if value == known[key] and key != "id":  # that may follow from the address
                    continue
                if value is None:
                    table.pop(key, None)
                elif table.get(key) != value:
                    _set(table, key, value)

        self._edit(change)

    def remove_gateway(self, ident: str) -> Removed:
        """Take a gateway out.

        Returns:
            What `restore_gateway` needs to undo that.

        Raises:
            SettingsFileError: there is no such gateway, or the file cannot be read or written.
        """
        removed = Removed(0, "")

        def change(document: TOMLDocument) -> None:
            nonlocal removed
            tables = list(_gateways(document))
            place = self._place(tables, ident)
            removed = Removed(place, tables.pop(place).as_string())
            _replace(document, tables)

        self._edit(change)
        return removed

    def restore_gateway(self, removed: Removed) -> GatewayEntry:
        """Undo `remove_gateway`.

        Returns:
            The gateway that is back.

        Raises:
            SettingsFileError: its id is taken, or the file cannot be read or written.
        """
        restored = GatewayEntry("", "")

        def change(document: TOMLDocument) -> None:
            nonlocal restored
            old = tomlkit.parse(f"[[gateways]]\n{removed.text}")["gateways"]
            tables = list(_gateways(document))
            place = min(removed.index, len(tables))
            restored = _entry(place, old[0].unwrap())
            self._must_be_free(tables, restored.id)
            tables.insert(place, old[0])
            _replace(document, tables)

        self._edit(change)
        return restored

    def move_gateway(self, ident: str, to: int) -> None:
        """Change the order. `to` counts without the one that moves.

        Raises:
            SettingsFileError: there is no such gateway, or the file cannot be read or written.
        """

        def change(document: TOMLDocument) -> None:
            tables = list(_gateways(document))
            moved = tables.pop(self._place(tables, ident))
            tables.insert(max(0, min(to, len(tables))), moved)
            _replace(document, tables)

        self._edit(change)

    def set_value(self, key: str, value: str | int | float | bool | None) -> None:
        """Set a top-level setting; None removes it, so that its default applies.

        Raises:
            SettingsFileError: the file cannot be read or written.
        """

        def change(document: TOMLDocument) -> None:
            if value is None:
                document.pop(key, None)
                return
            if key in document or "gateways" not in document:
                document[key] = value
                return
            # After a table a plain key would belong to that table.
            rest = {
                name: document.pop(name) for name in list(document) if _is_table(document[name])
            }
            document[key] = value
            for name, item in rest.items():
                document[name] = item

        self._edit(change)

    def set_in_table(self, name: str, values: Mapping[str, str | float | None]) -> None:
        """Set keys of the table `[name]`; None removes one, and a table that is empty then.

        Raises:
            SettingsFileError: the file cannot be read or written, or has something else there.
        """

        def change(document: TOMLDocument) -> None:
            table = document.get(name)
            if table is None:
                document[name] = table = tomlkit.table()
            if not isinstance(table, dict):
                raise SettingsFileError(f"{self.path}: {name} must be written as a [{name}] table")
            for key, value in values.items():
                if value is None:
                    table.pop(key, None)
                elif isinstance(table, Table):
                    _set(table, key, value)
                else:
                    table[key] = value
            if not table:
                document.pop(name)

        self._edit(change)

    def _edit(self, change: Callable[[TOMLDocument], None]) -> None:
        with self._lock():
            for _ in range(_ATTEMPTS):
                before = self.stamp()
                document = self._parse(before)
                change(document)
                after = tomlkit.dumps(document).encode()
                if after == before:
                    return
                if self.stamp() != before:
                    continue  # an editor wrote meanwhile: start from that
                try:
                    # A link stays a link: dot files are often kept elsewhere.
                    write_private(self.path.resolve(), after)
                except FileError as error:
                    raise SettingsFileError(str(error)) from None
                return
        raise SettingsFileError(f"{self.path}: another program keeps writing it")

    def _parse(self, content: bytes) -> TOMLDocument:
        try:
            return tomlkit.parse(content.decode())
        except (TOMLKitError, UnicodeDecodeError, RecursionError, ValueError) as error:
            said = " ".join(str(error).split())[:200] or type(error).__name__
            raise SettingsFileError(f"{self.path}: {said}") from None

    def _place(self, tables: AoT | list[Table], ident: str) -> int:
        """Where a gateway stands now. Its place on the screen may be an old one."""
        entries = [_entry(number, table.unwrap()) for number, table in enumerate(tables)]
        places = [number for number, entry in enumerate(entries) if entry.id == ident]
        if not places:
            raise SettingsFileError(f"{self.path}: it has no gateway '{ident}' any more")
        if len(places) > 1:
            raise SettingsFileError(f"{self.path}: several gateways have the id '{ident}'")
        return places[0]

    def _must_be_free(self, tables: AoT | list[Table], ident: str) -> None:
        """Two gateways with one id would share a token, and neither could be changed any more."""
        if any(_entry(number, table.unwrap()).id == ident for number, table in enumerate(tables)):
            from cc_desktop.text.settings import id_taken

            raise SettingsFileError(id_taken(ident))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other processes of this app from editing. The system frees it when we are killed."""
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsFileError(f"{self.path}: {error.strerror}") from None
        try:
            end = time.monotonic() + self._lock_wait_s
            # Without the lock it goes on all the same: better two writers than none.
            while not _try_lock(handle) and time.monotonic() < end:
                time.sleep(_LOCK_PAUSE_S)
            yield
        finally:
            os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        """Whether nobody else edits now."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        """Whether nobody else edits now; also where a network file system has no locks."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def _gateways(document: TOMLDocument) -> AoT:
    tables = document.get("gateways")
    if tables is None:
        tables = tomlkit.aot()
        document["gateways"] = tables
        tables = document["gateways"]
    if not isinstance(tables, AoT):
        raise SettingsFileError("gateways must be written as [[gateways]] tables")
    return tables


def _replace(document: TOMLDocument, tables: list[Table]) -> None:
    if not tables:
        document.pop("gateways", None)
        return
    fresh = tomlkit.aot()
    for table in tables:
        fresh.append(table)
    document["gateways"] = fresh


def _set(table: Table, key: str, value: object) -> None:
    """Set a key. A new one stands before the comments at the end: they are about what follows."""
    body, rest = table.value.body, []
    while key not in table and body and body[-1][0] is None:
        rest.append(body.pop())
    table[key] = value
    body.extend(reversed(rest))


def _is_table(item: object) -> bool:
    return isinstance(item, AoT | Table)


def _table(entry: GatewayEntry) -> Table:
    table = tomlkit.table()
    for key, value in _fields(entry).items():
        if value is not None:
            table[key] = value
    return table


def _entry(number: int, table: dict[str, Any]) -> GatewayEntry:
    values: dict[str, Any] = {"id": "", "url": ""}
    for field in msgspec.structs.fields(GatewayEntry):
        if field.name in table:
            with contextlib.suppress(msgspec.ValidationError):
                values[field.name] = msgspec.convert(table[field.name], field.type)
    if not values["id"]:
        values["id"] = default_id(values["url"], number)
    return GatewayEntry(**values)


def _fields(entry: GatewayEntry) -> dict[str, Any]:
    """The keys of the table; None where the default applies."""
    return {
        "id": entry.id,
        "name": entry.name or None,
        "url": entry.url,
        "token_file": entry.token_file or None,
        "rest_url": entry.rest_url or None,
        "proxy": entry.proxy or None,
        "insecure": True if entry.insecure else None,
        "enabled": None if entry.enabled else False,
        "scopes": list(entry.scopes) or None,
        "fingerprint": entry.fingerprint or None,
    }
