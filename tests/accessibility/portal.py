"""The desktop's settings as portals tell them: more contrast, light or dark.

https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.Settings.html
"""

from __future__ import annotations

import queue
import threading
from contextlib import closing, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from tests.whole.session import Session

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SETTINGS = "org.freedesktop.portal.Settings"
APPEARANCE = "org.freedesktop.appearance"


class Portal:
    """Answers in a thread of its own."""

    def __init__(self, session: Session, **values: int) -> None:
        """`values` of the namespace org.freedesktop.appearance."""
        self._address = session.env["DBUS_SESSION_BUS_ADDRESS"]
        self._values = values
        self._changes: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
        self._there = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._there.wait(20), "no portal"
        return self

    def __exit__(self, *_: object) -> None:
        self._changes.put(None)
        self._thread.join(20)

    def change(self, name: str, value: int) -> None:
        """The operator chooses something else."""
        self._changes.put((name, value))

    def _serve(self) -> None:
        # Only where there is a session: it is installed on Linux alone. It has no types.
        jeepney: Any = import_module("jeepney")
        blocking: Any = import_module("jeepney.io.blocking")
        with closing(blocking.open_dbus_connection(self._address)) as bus:
            bus.send_and_get_reply(jeepney.message_bus.RequestName(NAME), timeout=20)
            self._there.set()
            while True:
                with suppress(TimeoutError):
                    message = bus.receive(timeout=0.05)
                    if message.header.message_type is jeepney.MessageType.method_call:
                        bus.send(self._answer(jeepney, message))
                with suppress(queue.Empty):
                    change = self._changes.get_nowait()
                    if change is None:
                        return
                    name, self._values[name] = change[0], change[1]
                    address = jeepney.DBusAddress(PATH, interface=SETTINGS)
                    body = (APPEARANCE, name, ("u", change[1]))
                    bus.send(jeepney.new_signal(address, "SettingChanged", "ssv", body))

    def _answer(self, jeepney: Any, message: Any) -> Any:
        method = message.header.fields[jeepney.HeaderFields.member]
        if method == "ReadAll":
            values = {name: ("u", value) for name, value in self._values.items()}
            return jeepney.new_method_return(message, "a{sa{sv}}", ({APPEARANCE: values},))
        return jeepney.new_error(message, "org.freedesktop.portal.Error.NotFound", "s", ("no",))
