"""What can be shown without a keyring; the rest is in tests/whole/test_keyring.py."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from cc_desktop.config.secrets import system_keyring
from cc_desktop.config.secrets.system_keyring import KeyringError, KeyringState, SystemKeyring


class Backend:
    """A back end of the package `keyring`."""

    def __init__(self, module: str) -> None:
        # Which one it is, is known by its module.
        self.__class__ = type("Keyring", (Backend,), {"__module__": module})
        self.asked: list[tuple[str, ...]] = []

    def get_password(self, *arguments: str) -> str:
        self.asked.append(arguments)
        return "t"

    def set_password(self, *arguments: str) -> None:
        raise RuntimeError(f"a back end that shows {arguments[-1]}")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The Secret Service, in a state that a test can set."""
    told = SimpleNamespace(state=KeyringState.OPEN)
    monkeypatch.setattr(system_keyring, "_secret_service_state", lambda: told.state)
    return told


def use(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    module = ModuleType("keyring")
    module.get_keyring = lambda: backend  # type: ignore[attr-defined] # stands in for the package
    monkeypatch.setitem(sys.modules, "keyring", module)


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    ("platform", "module", "state"),
    [
        ("linux", "keyring.backends.SecretService", KeyringState.OPEN),
        ("linux", "keyring.backends.libsecret", KeyringState.OPEN),
        ("linux", "keyring.backends.kwallet", KeyringState.ABSENT),  # it opens dialogs
        ("linux", "keyrings.alt.file", KeyringState.ABSENT),  # it asks on the terminal
        ("linux", "keyring.backends.null", KeyringState.ABSENT),
        ("linux", "keyring.backends.fail", KeyringState.ABSENT),
        ("darwin", "keyring.backends.macOS", KeyringState.OPEN),
        ("win32", "keyring.backends.Windows", KeyringState.OPEN),
        ("win32", "keyring.backends.fail", KeyringState.ABSENT),
    ],
)
def test_only_back_ends_that_open_no_dialog_are_used(
    monkeypatch: pytest.MonkeyPatch, platform: str, module: str, state: KeyringState
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    use(monkeypatch, Backend(module))

    assert SystemKeyring().state() is state


@pytest.mark.usefixtures("service")
def test_of_several_back_ends_only_the_checked_one_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    wallet, service = Backend("keyring.backends.kwallet"), Backend("keyring.backends.SecretService")
    use(monkeypatch, SimpleNamespace(backends=[wallet, service]))

    assert SystemKeyring().get("name") == "t"
    assert (wallet.asked, service.asked) == ([], [("cc-desktop", "name")])


@pytest.mark.parametrize("state", [KeyringState.LOCKED, KeyringState.NOT_MADE, KeyringState.SILENT])
def test_the_package_is_not_even_loaded_for_one_that_is_not_open(
    monkeypatch: pytest.MonkeyPatch, service: SimpleNamespace, state: KeyringState
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "keyring", None)
    service.state = state

    assert SystemKeyring().state() is state


@pytest.mark.usefixtures("service")
def test_an_error_does_not_tell_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Backend("keyring.backends.SecretService"))

    with pytest.raises(KeyringError, match=r"^RuntimeError$"):
        SystemKeyring().set("name", "s3cret")


@pytest.mark.usefixtures("service")
def test_without_the_package_there_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert SystemKeyring().state() is KeyringState.ABSENT
    with pytest.raises(KeyringError):
        SystemKeyring().get("name")


@pytest.mark.skipif(sys.platform != "linux", reason="D-Bus")
@pytest.mark.parametrize("address", [None, "", "unix:path=/nowhere/bus", "nonsense"])
def test_without_a_bus_there_is_no_keyring(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    if address is None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    else:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)

    assert SystemKeyring().state() is KeyringState.ABSENT
