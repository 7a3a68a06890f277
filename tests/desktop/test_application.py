from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, os, signal, sys
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from cc_desktop.desktop.application import App, run

async def main(app, how):
    app.stop = asyncio.Event()
    if how == "quit":
        asyncio.get_running_loop().call_soon(app.quit)
        await app.stop.wait()
        await asyncio.sleep(0.01)  # the loop still lives
        print("cleaned up")
    if how == "link":
        opened = []
        app.open_link = opened.append
        app.sendEvent(app, QFileOpenEvent(QUrl("cc-desktop://agent/a%2Fb/c")))
        print(*opened)
    worker = await asyncio.to_thread(lambda: __import__("threading").current_thread().name)
    print(worker.rpartition("_")[0])
    return 3

app = App(["cc-desktop"])
print(app.desktopFileName(), app.quitOnLastWindowClosed())
sys.exit(run(app, main(app, sys.argv[1])))
"""


SAID = {"quit": ["cleaned up"], "return": [], "link": ["cc-desktop://agent/a%2Fb/c"]}


@pytest.mark.parametrize("how", SAID)
def test_the_main_coroutine_ends_the_app_and_gives_its_code(how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    expected = ["cc-desktop False", *SAID[how], "cc-desktop"]
    assert done.stdout.split("\n")[:-1] == expected
    assert "Traceback" not in done.stderr
