"""A gateway that was removed comes back with its own secret, and takes nobody else's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cc_desktop.config.gateway_editor import GatewayEditor
from cc_desktop.config.secrets.credentials import Token
from cc_desktop.config.secrets.shared_tokens import SharedTokens
from cc_desktop.config.settings_file import GatewayEntry, SettingsFile, SettingsFileError
from tests.fakes.clock import settle

if TYPE_CHECKING:
    from pathlib import Path

HOME = GatewayEntry("home", "wss://home.example/")


async def test_the_token_of_a_removed_gateway_never_goes_to_another_of_its_id(
    tmp_path: Path,
) -> None:
    tokens = SharedTokens(tmp_path / "tokens", use_keyring=False)
    editor = GatewayEditor(SettingsFile(tmp_path / "settings.toml"), tokens, lambda _ids: None)
    await editor.add(HOME, Token("token-of-the-first"))
    removed = editor.remove("home")
    await settle()
    await editor.add(GatewayEntry("home", "wss://other.example/"), Token("token-of-the-second"))
    await settle()
    with pytest.raises(SettingsFileError):
        editor.restore(removed)
    await settle()
    assert tokens.known("home").reveal() == "token-of-the-second"
    assert [entry.url for entry in editor.list()] == ["wss://other.example/"]
    editor.remove("home")
    await settle()
    editor.restore(removed)
    await settle()
    assert tokens.known("home").reveal() == "token-of-the-first"
