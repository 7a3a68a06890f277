"""Keeps two declarations apart that together cost a gateway money.

A connection that is subscribed to a session's messages *and* declared visible
(`sessions.observer.visibility`) makes the gateway's small model assess each run, at most every
12 s (2026.9.6, dist/server-runtime-subscriptions). Each alone is free. So visibility is withdrawn
before the first subscription, and declared again after the last.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def _nothing() -> None:
    """What there is to withdraw while nobody declares anything."""


class Audience:
    """What one connection declared to look at.

    Whoever declares visibility sets both hooks, does it while holding `lock`, and only while
    `has_message_subscriptions` is False.

    Attributes:
        withdraw_visibility: Awaited before the first subscription.
        restore_visibility: Awaited after the last one ended.
        lock: Held while one of the declarations changes.
    """

    def __init__(self) -> None:
        self.withdraw_visibility: Callable[[], Awaitable[object]] = _nothing
        self.restore_visibility: Callable[[], Awaitable[object]] = _nothing
        self.lock = asyncio.Lock()
        self._keys: set[str] = set()

    @property
    def has_message_subscriptions(self) -> bool:
        """Whether the connection is subscribed to any session's messages, or about to be."""
        return bool(self._keys)

    async def enter(self, key: str, subscribe: Callable[[], Awaitable[object]]) -> None:
        """Subscribe to a session's messages, with visibility withdrawn before."""
        async with self.lock:
            first = not self._keys
            self._keys.add(key)
            try:
                if first:
                    await self.withdraw_visibility()
                await subscribe()
            except BaseException:
                self._keys.discard(key)
                raise

    async def leave(self, key: str, unsubscribe: Callable[[], Awaitable[object]]) -> None:
        """End a subscription; after the last one, visibility may be declared again."""
        async with self.lock:
            if key not in self._keys:
                return
            try:
                await unsubscribe()
            finally:
                self._keys.discard(key)
            if not self._keys:
                await self.restore_visibility()

    def forget(self) -> None:
        """The connection is gone, and its subscriptions with it."""
        self._keys.clear()
