"""What the app is handed about the system around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cc_desktop.desktop.instance.single_instance import InstanceLock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from cc_desktop.config.paths import Paths
    from cc_desktop.config.secrets.credentials import Token
    from cc_desktop.desktop.connect.tools import StepFound
    from cc_desktop.desktop.setup.settings_tools import GatewayKeeper
    from cc_desktop.monitor import FleetMonitor
    from cc_desktop.system.autostart import Autostart
    from cc_desktop.system.update_check import Memory, UpdateCheck


@dataclass(frozen=True, slots=True)
class SetupServices:
    """What it takes to set gateways up from the windows.

    Attributes:
        editor: Keeps gateways and their tokens.
        test: Tries a way to a gateway, by url, token, whether it may be sent unencrypted, and the
            fingerprint of the one certificate that is trusted ("": those that the system trusts).
        stored_token: The token of a gateway that is set up, by its id.
        decided_by: What goes before the settings file: "--url", a variable of the environment, "".
    """

    editor: GatewayKeeper
    test: Callable[[str, Token, bool, str], AsyncGenerator[StepFound, None]]
    stored_token: Callable[[str], Token]
    decided_by: str = ""
    connects: bool = True  # False: this run shows sample data only


@dataclass(frozen=True, slots=True)
class SystemServices:
    """Handed in by the composition root; without any of it the app works alone."""

    lock: InstanceLock = field(default_factory=InstanceLock)
    autostart: Autostart | None = None  # None: this system has no start at login
    # Whom to ask for newer versions, by the address in the settings; None: nobody, ever.
    make_updates: Callable[[Memory, str], UpdateCheck] | None = None
    link: str = ""  # to open at the start
    paths: Paths | None = None  # None: they are not shown
    setup: Callable[[FleetMonitor], SetupServices] | None = None  # None: gateways are fixed
    restart: Callable[[], None] = lambda: None  # starts the app again; called at the very end
    restart_hidden: Callable[[], None] = lambda: None  # the same, without the window
