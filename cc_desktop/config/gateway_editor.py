"""Adds, changes and removes gateways for the window: the settings file and the secrets together.

A secret is kept before the file names its gateway, and removed after: whoever is killed in between
leaves at most a secret that nobody uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.settings_file import GatewayEntry, Removed, SettingsFile, SettingsFileError
from cc_desktop.text.i18n import tr
from cc_desktop.text.settings import CHANGED_MEANWHILE, id_taken

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.config.secrets.shared_tokens import SharedTokens


class GatewayEditor:
    """The gateways of the settings file. After each change the app takes it over at once.

    Every method raises SettingsFileError, whose text is one line, where the file cannot be read or
    written, or where it has changed so that `index` means another gateway now.
    """

    def __init__(
        self,
        file: SettingsFile,
        tokens: SharedTokens,
        reload: Callable[[frozenset[str]], object],
    ) -> None:
        """Create an editor.

        Args:
            file: The settings file.
            tokens: Where tokens and passwords are kept.
            reload: Takes the file over; its argument is the ids of gateways with another secret.
        """
        self._file = file
        self._tokens = tokens
        self._reload = reload
        self._listed: list[GatewayEntry] = []
        self._removed: dict[str, Token] = {}  # by table: the secrets of what can be restored

    def list(self) -> list[GatewayEntry]:
        """The gateways in their order, as they are in the file now."""
        self._listed = self._file.gateways()
        return list(self._listed)

    async def add(self, entry: GatewayEntry, token: Token, *, may_use_file: bool = False) -> None:
        """Append a gateway.

        Args:
            entry: The gateway.
            token: Its token or password; may be empty.
            may_use_file: The operator agrees to a private file where there is no keyring.
        """
        if any(each.id == entry.id for each in self._file.gateways()):
            raise SettingsFileError(id_taken(entry.id))
        if token:
            await self._tokens.keep(entry.id, token, may_use_file=may_use_file)
        self._file.add_gateway(entry)
        self._take_over(entry.id)

    async def update(
        self,
        index: int,
        entry: GatewayEntry,
        token: Token | None = None,
        *,
        may_use_file: bool = False,
    ) -> None:
        """Change a gateway.

        Args:
            index: Its place in the last `list`.
            entry: What it is from now on.
            token: Another token or password, which also goes before its token file; None to keep
                the one that it has.
            may_use_file: The operator agrees to a private file where there is no keyring.
        """
        before = self._at(index)
        others = [each.id for at, each in enumerate(self._file.gateways()) if at != index]
        if entry.id in others:
            raise SettingsFileError(id_taken(entry.id))
        if token is not None:
            entry = replace(entry, token_file="")
        elif entry.id != before.id:
            token = await self._tokens.read(before.id)
        if token:
            await self._tokens.keep(entry.id, token, may_use_file=may_use_file)
        self._at(index)  # the keyring may have been slow
        self._file.update_gateway(index, entry)
        if before.id != entry.id:
            await self._tokens.forget(before.id)
        if token is not None and not token:
            await self._tokens.forget(entry.id)
        self._take_over(entry.id if token is not None else "")

    def remove(self, index: int) -> Removed:
        """Take a gateway out.

        Returns:
            What `restore` needs.
        """
        entry = self._at(index)
        removed = self._file.remove_gateway(index)
        self._removed[removed.text] = self._tokens.known(entry.id)
        self._tokens.start(self._tokens.forget(entry.id))
        self._take_over()
        return removed

    def restore(self, removed: Removed) -> None:
        """Put a gateway back, with its token."""
        self._file.restore_gateway(removed)
        entries = self.list()
        token = self._removed.pop(removed.text, Token())
        entry = entries[min(removed.index, len(entries) - 1)]
        if token:
            self._tokens.start(self._tokens.keep(entry.id, token))
        self._take_over()

    def move(self, index: int, to: int) -> None:
        """Change the order; `to` counts without the one that moves."""
        self._at(index)
        self._file.move_gateway(index, to)
        self._take_over()

    def set_enabled(self, index: int, on: bool) -> None:
        """Watch a gateway, or leave it alone."""
        self._file.update_gateway(index, replace(self._at(index), enabled=on))
        self._take_over()

    def _at(self, index: int) -> GatewayEntry:
        """The gateway that the operator sees at this place.

        Raises:
            SettingsFileError: the file has another one there by now.
        """
        now = self._file.gateways()
        seen = self._listed or now
        fits = 0 <= index < min(len(now), len(seen)) and now[index].id == seen[index].id
        if not fits:
            raise SettingsFileError(tr(CHANGED_MEANWHILE))
        return now[index]

    def _take_over(self, secret_of: str = "") -> None:
        self._listed = self._file.gateways()
        self._reload(frozenset({secret_of} - {""}))
