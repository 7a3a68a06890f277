"""Whether there is a newer version: asks an address that the operator has set, at most once a day.

Nothing is downloaded but that answer: {"version": "1.2.3", "url": "https://…"}; `url`, the page to
read about it, may be missing.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin, urlsplit

import msgspec

from cc_desktop import __version__
from cc_desktop.system.network import is_loopback

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    import httpx

    from cc_desktop.system.clock import Clock

log = logging.getLogger(__name__)

DAY_S = 86_400.0
START_S = (30.0, 300.0)  # after the start, so that not all ask at the same moment
TIMEOUT_S = 20.0  # for all of it
MAX_BYTES = 16 * 1024
MAX_REDIRECTS = 3
_REMEMBERED = "update"
_VERSION = re.compile(
    r"v?(\d{1,6}(?:\.\d{1,6}){0,5})(?:[-._]?(dev|a|alpha|b|beta|c|rc|pre)[-._]?(\d{0,6}))?(?:\+.*)?"
)
_STAGES = {"dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3}
_FINAL = 4


class Memory(Protocol):
    """What is kept between starts."""

    def recall(self, key: str) -> Any:
        """What was remembered under a key, or None."""
        ...

    def remember(self, key: str, value: Any) -> None:
        """Remember it for the next start."""
        ...


@dataclass(frozen=True, slots=True)
class Update:
    """A version that is newer than this one."""

    version: str
    url: str = ""  # https, or ""


class _Answer(msgspec.Struct):
    version: str
    url: str = ""


class _AnswerError(Exception):
    """An answer that is of no use. The text is for the log."""


def parse_version(text: str) -> tuple[tuple[int, ...], int, int] | None:
    """A key to compare versions by; None for what is no version. 1.2 equals 1.2.0."""
    match = _VERSION.fullmatch(text.strip().lower()) if len(text) <= 60 else None
    if match is None:
        return None
    numbers = [int(number) for number in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), _STAGES.get(match[2] or "", _FINAL), int(match[3] or 0)


def is_newer(version: str, than: str) -> bool:
    """Whether one version comes after the other; False where either is no version."""
    first, second = parse_version(version), parse_version(than)
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

    @property
    def found(self) -> Update | None:
        """The newer version that was last heard of."""
        kept = self._kept()
        version, url = kept.get("version"), kept.get("url")
        if not isinstance(version, str) or not is_newer(version, self._version):
            return None
        return Update(version, url if isinstance(url, str) and _is_page(url) else "")

    async def run(self, on_found: Callable[[], None]) -> None:
        """Ask once a day until cancelled. Failures are logged and nothing else."""
        await self._clock.sleep(self._rng.uniform(*START_S))
        while True:
            wait = self._due_s()
            if wait > 0:
                await self._clock.sleep(wait)
                continue
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
        passed = (self._clock.now_ms() - asked) / 1000
        return DAY_S - passed if 0 <= passed < DAY_S else 0.0

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
        if parse_version(answer.version) is None:
            log.info("no news of a newer version: what was told is no version")
            return
        page = answer.url if _is_page(answer.url) else ""
        self._memory.remember(_REMEMBERED, {**kept, "version": answer.version, "url": page})


async def _fetch(url: str) -> _Answer:
    import httpx  # 0.1 s to import, and most never need it

    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # nothing that grows when it is unpacked
        "User-Agent": f"cc-desktop/{__version__}",
    }
    try:
        async with httpx.AsyncClient(
            timeout=TIMEOUT_S, trust_env=not is_loopback(url), headers=headers
        ) as client:
            for _ in range(MAX_REDIRECTS + 1):
                async with client.stream("GET", url) as response:
                    if response.is_redirect:
                        url = _redirected(url, response.headers.get("location", ""))
                        continue
                    if response.status_code != httpx.codes.OK:
                        raise _AnswerError(f"HTTP status {response.status_code}")
                    return msgspec.json.decode(await _body(response), type=_Answer)
            raise _AnswerError("too many redirects")
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError, ValueError) as error:
        raise _AnswerError(type(error).__name__) from None


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise _AnswerError(f"an answer of more than {MAX_BYTES} bytes")
    return body


def _redirected(url: str, location: str) -> str:
    """Where a redirect leads: to another path of the same server, else nowhere."""
    there = urljoin(url, location)
    if urlsplit(there)[:2] != urlsplit(url)[:2]:
        raise _AnswerError("a redirect to another server")
    return there


def _is_page(url: str) -> bool:
    """Whether it may be handed to the browser."""
    if len(url) > 500 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
