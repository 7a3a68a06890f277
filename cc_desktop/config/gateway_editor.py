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
    written, or where the gateway is not in it any more. Gateways are named by id: their places may
    change while somebody looks at a list or types into a form.
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
        self._removed: dict[str, Token] = {}  # by table: the secrets of what can be restored

    def list(self) -> list[GatewayEntry]:
        """The gateways in their order, as they are in the file now."""
        return self._file.gateways()

    async def add(self, entry: GatewayEntry, token: Token, *, may_use_file: bool = False) -> None:
        """Append a gateway.

        Args:
            entry: The gateway.
            token: Its token or password; may be empty.
            may_use_file: The operator agrees to a private file where there is no keyring.
        """
        self._must_be_free(entry.id)
        if token:
            await self._tokens.keep(entry.id, token, may_use_file=may_use_file)
        self._file.add_gateway(entry)
        self._take_over(entry.id)

    async def update(
        self,
        ident: str,
        entry: GatewayEntry,
        token: Token | None = None,
        *,
        may_use_file: bool = False,
    ) -> None:
        """Change a gateway.

        Args:
            ident: Its id until now.
            entry: What it is from now on.
            token: Another token or password, which also goes before its token file; None to keep
                the one that it has.
            may_use_file: The operator agrees to a private file where there is no keyring.
        """
        self._entry(ident)
        if entry.id != ident:
            self._must_be_free(entry.id)
        if token is not None:
            entry = replace(entry, token_file="")
        elif entry.id != ident:
            token = await self._tokens.read(ident)
        if token:
            await self._tokens.keep(entry.id, token, may_use_file=may_use_file)
        self._file.update_gateway(ident, entry)
        if ident != entry.id:
            await self._tokens.forget(ident)
        if token is not None and not token:
            await self._tokens.forget(entry.id)
        self._take_over(entry.id if token is not None else "")

    def remove(self, ident: str) -> Removed:
        """Take a gateway out.

        Returns:
            What `restore` needs.
        """
        removed = self._file.remove_gateway(ident)
        self._removed[removed.text] = self._tokens.known(ident)
        self._tokens.start(self._tokens.forget(ident))
        self._take_over()
        return removed

    def restore(self, removed: Removed) -> None:
        """Put a gateway back, with its token: not beside another that has its id by now."""
        entry = self._file.restore_gateway(removed)
        token = self._removed.pop(removed.text, Token())
        if token:
            self._tokens.start(self._tokens.keep(entry.id, token))
        self._take_over()

    def move(self, ident: str, to: int) -> None:
        """Change the order; `to` counts without the one that moves."""
        self._file.move_gateway(ident, to)
        self._take_over()

    def set_enabled(self, ident: str, on: bool) -> None:
        """Watch a gateway, or leave it alone."""
        self._file.update_gateway(ident, replace(self._entry(ident), enabled=on))
        self._take_over()

    def _entry(self, ident: str) -> GatewayEntry:
        """The gateway as the file has it now.

        Raises:
            SettingsFileError: it is not there any more, or not alone with its id.
        """
        found = [each for each in self._file.gateways() if each.id == ident]
        if len(found) != 1:
            raise SettingsFileError(tr(CHANGED_MEANWHILE))
        return found[0]

    def _must_be_free(self, ident: str) -> None:
        """Say so before a secret is kept under the id; the file looks again when it is written."""
        if any(each.id == ident for each in self._file.gateways()):
            raise SettingsFileError(id_taken(ident))

    def _take_over(self, secret_of: str = "") -> None:
        self._reload(frozenset({secret_of} - {""}))
