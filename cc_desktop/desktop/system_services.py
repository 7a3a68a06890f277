"""What the app is handed about the system around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cc_desktop.desktop.instance.single_instance import InstanceLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.system.autostart import Autostart
    from cc_desktop.system.update_check import Memory, UpdateCheck


@dataclass(frozen=True, slots=True)
class SystemServices:
    """Handed in by the composition root; without any of it the app works alone."""

    lock: InstanceLock = field(default_factory=InstanceLock)
    autostart: Autostart | None = None  # None: this system has no start at login
    make_updates: Callable[[Memory], UpdateCheck] | None = None  # None: never asks
    link: str = ""  # to open at the start
    facts: tuple[str, ...] = ()  # further lines of the About box
    restart: Callable[[], None] = lambda: None  # starts the app again; called at the very end
    restart_hidden: Callable[[], None] = lambda: None  # the same, without the window
