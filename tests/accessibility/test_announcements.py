"""What happens reaches a screen reader, wherever the keyboard is."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.hosts.host import gateway_thread
from tests.whole.session import wait_for

if TYPE_CHECKING:
    from tests.accessibility.atspi import Reader
    from tests.whole.session import Session

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(120)]

PROGRAM = """
from PySide6.QtWidgets import QPushButton
from cc_desktop.desktop.application import App
from cc_desktop.desktop.widgets.accessible.announcer import Announcer

app = App([])
button = QPushButton("Fail")
announcer = Announcer(button)
announcer.pause.setInterval(50)

def fail():
    announcer.announce("Otto has finished", False)
    for name in ("Rex", "Dex", "Hex"):
        announcer.announce(f"{name} failed", True)

button.clicked.connect(fail)
button.show()
app.exec()
"""


def test_news_is_announced_and_what_is_urgent_breaks_in(reader: Reader, session: Session) -> None:
    program = session.start("app", sys.executable, "-c", PROGRAM)
    button = wait_for(lambda: reader.tree(program.pid).find("push button", "Fail"), "the button")[0]

    said = list(islice(reader.announcements(lambda: reader.press(button)), 2))

    assert said == [("Otto has finished", 1), ("3 new items need you", 2)]


def test_a_failure_is_announced_by_the_running_app(reader: Reader, session: Session) -> None:
    with gateway_thread() as gateways:
        app = session.start_app("--url", gateways.gateway.url)
        app.window()

        def rows(status: str) -> list[str]:
            found = reader.tree(app.process.pid).find("list item")
            return [row.name for row in found if row.name.startswith(status)]

        wait_for(lambda: rows("Rex: Idle"), "the fleet", still=app.running)
        gateways.run("Rex")
        wait_for(lambda: rows("Rex: Working"), "the run", still=app.running)

        said = next(reader.announcements(lambda: gateways.fail("Rex", "No credit left")))

        assert said == ("Rex failed: No credit left", 2)
        assert rows("Rex: Error, No credit left, failed")
        assert app.end() == 0
