"""A headless Chromium, spoken to over its debugging port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from typing import TYPE_CHECKING, Any, Self

import websockets

from tests.lab.openclaw import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

NAMES = ("chromium", "chromium-browser", "google-chrome")
START_S = 40.0
_LOOK_AGAIN_S = 0.25
# What a person sees, the shadows of web components included.
_TEXT = """
(function text(root) {
  let said = "";
  for (const node of root.childNodes) {
    if (node.nodeType === 3) said += node.textContent + " ";
    else if (node.nodeType === 1 && !["STYLE", "SCRIPT"].includes(node.tagName))
      said += text(node) + (node.shadowRoot ? text(node.shadowRoot) : "");
  }
  return said;
})(document.body).replace(/\\s+/g, " ")
"""


def find_browser() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page. `profile` is an empty folder for everything that the browser keeps."""

    def __init__(self, program: str, profile: Path) -> None:
        self._program = program
        self._profile = profile
        self._process: subprocess.Popen[bytes] | None = None
        self._page: websockets.ClientConnection | None = None
        self._count = 0

    async def __aenter__(self) -> Self:
        port = free_port()
        self._start(port)
        try:
            async with asyncio.timeout(START_S):
                address = await self._find_page(port)
                self._page = await websockets.connect(address, max_size=2**26, proxy=None)
        except BaseException:
            self._kill()
            raise
        return self

    def _start(self, port: int) -> None:
        self._process = subprocess.Popen(
            [
                self._program,
                "--headless=new",
                "--no-sandbox",  # it runs as root in a container, on pages of this machine alone
                "--disable-gpu",
                "--no-proxy-server",
                "--disable-background-networking",
                f"--remote-debugging-port={port}",
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._page is not None:
            await self._page.close()
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    async def _find_page(self, port: int) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while True:
            with contextlib.suppress(OSError, ValueError):
                found = await asyncio.to_thread(opener.open, f"http://127.0.0.1:{port}/json")
                pages = [one for one in json.load(found) if one.get("type") == "page"]
                if pages:
                    return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _call(self, method: str, **params: Any) -> Any:
        assert self._page is not None
        self._count += 1
        await self._page.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._page.recv())
            if answer.get("id") == self._count:
                return answer.get("result")

    async def open(self, url: str) -> None:
        """Go to an address, as a click on a link does."""
        await self._call("Page.navigate", url=url)

    async def _value(self, script: str) -> str:
        answer = await self._call("Runtime.evaluate", expression=script, returnByValue=True)
        return str(answer.get("result", {}).get("value", ""))

    async def text(self) -> str:
        """What the page says."""
        return await self._value(_TEXT)

    async def says(self, words: str, seconds: float = 30.0) -> bool:
        """Whether the page says this, now or soon."""
        for _ in range(int(seconds / _LOOK_AGAIN_S)):
            if words in await self.text():
                return True
            await asyncio.sleep(_LOOK_AGAIN_S)
        return False

    async def address(self) -> str:
        """Where it is."""
        return await self._value("location.href")

    async def history(self) -> list[str]:
        """The addresses that it keeps."""
        answer = await self._call("Page.getNavigationHistory")
        return [str(entry["url"]) for entry in answer["entries"]]
