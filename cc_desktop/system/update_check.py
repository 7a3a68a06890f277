"""Looks for a newer version: asks the address that the operator has set, at most once a day.

The answer is {"version": "1.2.3", "url": "https://…"}; `url`, the page to read about it, may be
missing. Nothing else is downloaded, and nothing is installed.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from cc_desktop import __version__
from cc_desktop.system.http_body import PLAIN_JSON, read_body
from cc_desktop.system.network import is_loopback
from cc_desktop.system.tls import client_context, plain_context

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    import httpx
    from packaging.version import Version

    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

DAY_S = 86_400.0
START_S = (30.0, 300.0)  # after the start, so that not all ask at the same moment
TIMEOUT_S = 20.0  # for the whole question
MAX_BYTES = 16 * 1024
MAX_REDIRECTS = 3
_REMEMBERED = "update"
_WRITTEN = re.compile(r"[0-9A-Za-z.+!_-]{1,60}")  # packaging would strip white space


class Memory(Protocol):
    """What is kept between starts."""

    def recall(self, key: str) -> Any:
        """What was remembered under a key, or None."""
        ...

    def remember(self, key: str, value: Any) -> None:
        """Remember it for the next start."""
        ...


class Update(Struct, frozen=True):
    """A version that is newer than this one."""

    version: str  # in its normal form, such as 1.3.0rc1
    url: str = ""  # https, or ""


class _Answer(msgspec.Struct):
    version: str
    url: str = ""


class _AnswerError(Exception):
    """An answer that is of no use. The text is for the log."""


def _version(text: str) -> Version | None:
    """The version that a text names, without its build; None if it names none."""
    from packaging.version import InvalidVersion, Version  # late: most starts never need it

    try:
        return Version(Version(text).public) if _WRITTEN.fullmatch(text) else None
    except InvalidVersion:
        return None


def is_newer(version: str, than: str) -> bool:
    """Tell whether one version comes after the other; False where either is no version."""
    first, second = _version(version), _version(than)
    return first is not None and second is not None and first > second


class UpdateCheck:
    """Asks now and then, and remembers the answer."""

    def __init__(
        self,
        url: str,
        memory: Memory,
        clock: Clock,
        rng: random.Random,
        *,
        version: str = __version__,
    ) -> None:
        self._url = url
        self._memory = memory
        self._clock = clock
        self._rng = rng
        self._version = version
        self._told: set[str] = set()  # unexpected failures that the log has

    @property
    def found(self) -> Update | None:
        """The newer version that was last heard of."""
        kept = self._kept()
        told, url = kept.get("version"), kept.get("url")
        if not isinstance(told, str) or not is_newer(told, self._version):
            return None
        page = url if isinstance(url, str) and _is_page(url) else ""
        return Update(str(_version(told)), page)

    async def run(self, on_found: Callable[[], None]) -> None:
        """Ask once a day until cancelled. Nothing that goes wrong ends the schedule."""
        await self._clock.sleep(self._rng.uniform(*START_S))
        while True:
            wait = DAY_S
            try:
                due = self._due_s()
                if due > 0:
                    wait = due
                else:
                    await self._check(on_found)
            except Exception as error:
                name = type(error).__name__
                if name not in self._told:
                    self._told.add(name)
                    log.exception("looking for a newer version failed unexpectedly")
            await self._clock.sleep(wait)

    async def _check(self, on_found: Callable[[], None]) -> None:
        before = self.found
        await self._ask()
        if self.found not in (None, before):
            on_found()

    def _kept(self) -> dict[str, Any]:
        kept = self._memory.recall(_REMEMBERED)
        return kept if isinstance(kept, dict) and kept.get("asked_url") == self._url else {}

    def _due_s(self) -> float:
        asked = self._kept().get("asked")
        if not isinstance(asked, int):
            return 0.0
        passed_ms = self._clock.now_ms() - asked
        return DAY_S - passed_ms / 1000 if 0 <= passed_ms < DAY_S * 1000 else 0.0

    async def _ask(self) -> None:
        # Before the answer, so that what fails is not asked again and again.
        kept = {**self._kept(), "asked": self._clock.now_ms(), "asked_url": self._url}
        self._memory.remember(_REMEMBERED, kept)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await _fetch(self._url)
        except TimeoutError:
            log.info("no news of a newer version: no answer in time")
            return
        except _AnswerError as error:
            log.info("no news of a newer version: %s", error)
            return
        version = _version(answer.version)
        if version is None:
            log.info("update check: the answer is not a version")
            return
        page = answer.url if _is_page(answer.url) else ""
        self._memory.remember(_REMEMBERED, {**kept, "version": str(version), "url": page})


async def _fetch(url: str) -> _Answer:
    """Ask an address.

    Raises:
        _AnswerError: It gives no answer that can be used.
    """
    import httpx  # 0.1 s to import, and most never need it

    headers = {**PLAIN_JSON, "User-Agent": f"cc-desktop/{__version__}"}
    try:
        async with httpx.AsyncClient(
            timeout=TIMEOUT_S,
            verify=await client_context() if url.startswith("https:") else plain_context(),
            trust_env=not is_loopback(url),
            follow_redirects=False,  # only those of _redirected
            headers=headers,
        ) as client:
            for _ in range(MAX_REDIRECTS + 1):
                async with client.stream("GET", url) as response:
                    if response.is_redirect:
                        url = _redirected(url, response.headers.get("location", ""))
                        continue
                    return await _read(response)
            raise _AnswerError("too many redirects")
    except (TimeoutError, _AnswerError):
        raise
    except Exception as error:
        # A proxy, an address, an encoding, nesting: libraries have no common word for it.
        raise _AnswerError(type(error).__name__) from None


async def _read(response: httpx.Response) -> _Answer:
    if response.status_code != 200:
        raise _AnswerError(f"HTTP status {response.status_code}")
    return msgspec.json.decode(await read_body(response, MAX_BYTES), type=_Answer)


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads: to another path of the same server, else nowhere."""
    there = urljoin(url, location)
    if urlsplit(there)[:2] != urlsplit(url)[:2]:
        raise _AnswerError("a redirect to another server")
    return there


def _is_page(url: str) -> bool:
    """Tell whether an address may be handed to the browser."""
    if len(url) > 500 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
