"""What happens reaches a screen reader, wherever the keyboard is."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

import pytest

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
