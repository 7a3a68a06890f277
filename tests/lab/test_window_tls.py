"""The real window on real gateways with a certificate of their own, and with a password."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.lab.conftest import AGENTS, TOKEN
from tests.lab.desk import is_live
from tests.lab.test_rights import SecureGateway, fingerprint_of
from tests.whole.session import wait_for
from tests.whole.window import Window, driven

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.install import Lab
    from tests.lab.mock_model import MockModel

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(240)]

PASSWORD = "lab-password-0123456789"
SECURE = {
    "gateway": {
        "tls": {"enabled": True},
        "auth": {"mode": "password", "password": PASSWORD, "token": ""},
    }
}


@pytest.fixture(scope="module")
def secure(
    lab: Lab, model: MockModel, version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecureGateway]:
    """A gateway that has made its certificate itself, and takes a password."""
    home = tmp_path_factory.mktemp(f"secure-{version}")
    with SecureGateway(
        lab, version, home=home, token=TOKEN, agents=AGENTS, model=model, extra_config=SECURE
    ) as running:
        yield running


def certificate(gateway: SecureGateway) -> Path:
    return gateway.home / ".openclaw/gateway/tls/gateway-cert.pem"


def shows(window: Window, fingerprint: str) -> bool:
    """Whether the fingerprint stands in the window, as tools print it."""
    digits = fingerprint.upper()
    printed = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
    return any(printed in text.replace("\n", "") for text in window.words())


def test_a_certificate_of_its_own_is_compared_trusted_and_changed(
    secure: SecureGateway, tmp_path: Path
) -> None:
    first = fingerprint_of(certificate(secure))
    with driven(tmp_path) as window:
        window.until("Connect your gateway")
        window.enter("Address", f"https://127.0.0.1:{secure.port}")
        window.enter("Token or password", PASSWORD)
        window.press("Return")
        window.until("The certificate is not trusted", "Trust this certificate")
        assert shows(window, first)
        window.session.screenshot(f"not-trusted-{secure.version}")
        window.click("Trust this certificate")
        window.until("3 agents", "You trust this certificate")
        window.click("Save")
        is_live(window)
        assert first in window.settings.read_text()
        assert PASSWORD not in window.settings.read_text() + window.app.told()

        secure.kill()
        shutil.rmtree(certificate(secure).parent)
        secure.start()
        second = fingerprint_of(certificate(secure))
        assert second != first
        window.until("The certificate has changed")
        window.click("127.0.0.1 The certificate has changed")
        wait_for(lambda: shows(window, first) and shows(window, second), "both fingerprints")
        window.session.screenshot(f"changed-{secure.version}")
        window.press("Escape")
        window.click("Edit gateway…")
        window.until("Trust the new certificate")
        assert shows(window, first)
        assert shows(window, second)
        window.session.screenshot(f"changed-edit-{secure.version}")
        window.click("Trust the new certificate")
        window.until("3 agents")
        window.click("Save")
        is_live(window)
        assert second in window.settings.read_text()
        assert first not in window.settings.read_text()


def test_a_certificate_that_is_not_trusted_says_so_and_gets_no_secret(
    secure: SecureGateway, tmp_path: Path
) -> None:
    """Saved without a test: the window says the cause, and the button leads to the comparison."""
    with driven(tmp_path) as window:
        window.until("Connect your gateway")
        window.enter("Address", secure.url)
        window.enter("Token or password", PASSWORD)
        window.click("Save")
        window.until("The certificate is not trusted", "Edit gateway…")
        window.click("Edit gateway…")
        window.until("Trust this certificate")
        window.click("Trust this certificate")
        window.until("3 agents")
        window.click("Save")
        is_live(window)


def test_a_wrong_password_is_mended_in_the_window(secure: SecureGateway, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    pin = fingerprint_of(certificate(secure))
    written = f'[[gateways]]\nurl = "{secure.url}"\nfingerprint = "{pin}"\n'
    (config / "settings.toml").write_text(written)
    with driven(tmp_path) as window:
        window.until("A token is needed")
        window.click("Edit gateway…")
        window.enter("Token or password", "not-the-password-1")
        window.press("Return")
        window.until("The token is wrong")
        window.enter("Token or password", PASSWORD)
        window.press("Return")
        window.until("3 agents")
        window.click("Save")
        is_live(window)
