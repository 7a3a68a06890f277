"""Device tokens: in the system's keyring where it is unlocked, else in a file of the owner's.

The app never makes a keyring open a dialog, unless the operator asks for it. A keyring may hang:
it is asked in a thread of its own, and waited for a few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from cc_desktop.config.secrets.credentials import Token, TokenError
from cc_desktop.config.secrets.system_keyring import (
    Keyring,
    KeyringError,
    KeyringState,
    SystemKeyring,
)
from cc_desktop.config.state_store import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
log = logging.getLogger(__name__)

KEYRING_TIMEOUT_S = 3.0
HUNG_TIMEOUT_S = 1.0
DIALOG_TIMEOUT_S = 300.0  # for a person who reads a dialog and finds a password
OFF, REFUSED = "off", "refused"
_TROUBLE = "trouble"  # kept over starts: "silent" or "refused"


class _SilentError(Exception):
    """The keyring does not answer in time."""


class DeviceTokens:
    """Device tokens by gateway, device and role.

    Attributes:
        place: Where the token is that was read or kept last: "keyring", "file", or "".
        why: Why it is not in the keyring: "" where it is, "off" (in the settings), "refused", or
            a value of `KeyringState`.
        on_awake: Called when a keyring that was too slow has answered after all.
    """

    def __init__(
        self, path: Path, *, use_keyring: bool = True, keyring: Keyring | None = None
    ) -> None:
        """Take over what earlier starts kept.

        Args:
            path: The file for tokens that are not in the keyring.
            use_keyring: Whether the settings allow the keyring.
            keyring: In the place of the system's.
        """
        self.place = ""
        self.why = "" if use_keyring else OFF
        self.on_awake: Callable[[], object] = lambda: None
        self._use_keyring = use_keyring
        self._keyring = SystemKeyring() if keyring is None else keyring
        self._file = StateStore(path)
        self._memory = StateStore(path.with_name("keyring.json"))
        self._scopes = StateStore(path.with_name("rights.json"))  # no secret is in it
        self._in_keyring: dict[str, Token] = {}  # what is known to be there
        self._one_at_a_time = asyncio.Lock()
        self._late: asyncio.Future[Any] | None = None  # a question that waits for its answer

    @property
    def waiting(self) -> bool:
        """Whether the keyring still owes an answer; nothing else is asked meanwhile."""
        return self._late is not None

    def allow_keyring(self, allowed: bool) -> bool:
        """Take over the setting; whether it is another one. What is kept stays where it is."""
        if allowed == self._use_keyring:
            return False
        self._use_keyring = allowed
        self.why = "" if allowed else OFF
        return True

    async def get(self, url: str, device_id: str, role: str) -> Token:
        """The token kept for this gateway, or an empty one."""
        name = f"{url} {device_id} {role}"
        # The file first: it has a token only while the keyring has not taken the newest.
        token = self._in_file(name)
        if token:
            self.place = "file"
            return token
        if await self._may_ask():
            try:
                token = _readable(await self._ask(lambda: self._keyring.get(name)))
            except (KeyringError, _SilentError) as error:
                self._refused(error)
            else:
                if token:
                    self.place = "keyring"
                    self._in_keyring[name] = token
        return token

    async def keep(self, url: str, device_id: str, role: str, token: str) -> None:
        """Keep a token. Raises nothing: where it cannot be kept, the log says so."""
        name = f"{url} {device_id} {role}"
        in_file = self._in_file(name)
        known = self._in_keyring.get(name, Token()).reveal()
        if known == token and not in_file:
            self.place = "keyring"
            return
        if await self._move_to_keyring(name, token):
            return
        self._keep_outside(name, token)

    async def drop(self, url: str, device_id: str, role: str) -> None:
        """Forget a token that its gateway no longer accepts, wherever it is. Raises nothing."""
        name = f"{url} {device_id} {role}"
        self._in_keyring.pop(name, None)
        self._in_file(name)  # what another process wrote goes, too
        self._file.remove(name)
        self.place = ""
        if await self._may_ask():
            try:
                await self._ask(lambda: self._keyring.delete(name))
            except (KeyringError, _SilentError) as error:
                self._refused(error)

    def rights(self, url: str, device_id: str, role: str) -> tuple[str, ...]:
        """The scopes that were kept for this gateway; none if none were."""
        kept = self._scopes.get(f"{url} {device_id} {role}")
        if not isinstance(kept, list):
            return ()
        return tuple(scope for scope in kept if isinstance(scope, str))

    def keep_rights(self, url: str, device_id: str, role: str, scopes: tuple[str, ...]) -> None:
        """Keep the scopes that the operator asked this gateway for, and was granted."""
        name = f"{url} {device_id} {role}"
        if scopes:
            self._scopes.set(name, list(scopes))
        else:
            self._scopes.remove(name)

    async def use_keyring_now(self) -> bool:
        """The operator asks for the keyring: it may open a dialog, and takes over all tokens.

        Returns:
            Whether all tokens are in the keyring now. If not, `why` says why.
        """
        if not self._use_keyring:
            return False
        self._forget_trouble()
        try:
            state = await self._ask(self._keyring.unlock, DIALOG_TIMEOUT_S)
        except (KeyringError, _SilentError) as error:
            self._refused(error)
            return False
        if state is not KeyringState.OPEN:
            self.why = state.value
            return False
        self.why = ""
        moved = True
        for name, value in self._file.items().items():
            token = _readable(value)
            if token and not await self._move_to_keyring(name, token.reveal()):
                moved = False
        return moved

    def keep_in_file(self, url: str, device_id: str, role: str, token: str) -> None:
        """Keep a token in the file, whatever the keyring may do. Raises nothing."""
        self._keep_outside(f"{url} {device_id} {role}", token)

    def _keep_outside(self, name: str, token: str) -> None:
        """Keep a token that the keyring does not take."""
        self._file.set(name, token)
        self.place = "" if self._file.dirty else "file"

    def _in_file(self, name: str) -> Token:
        if self._file.flush():  # what could not be written before
            self._file.reload()  # another process of the app writes it too
        return _readable(self._file.get(name))

    async def _move_to_keyring(self, name: str, token: str) -> bool:
        """Have a token in the keyring and no longer in the file; whether that is done."""

        def store() -> bool:
            if self._keyring.get(name) != token:
                self._keyring.set(name, token)
            # There are back ends that keep nothing and say nothing.
            return self._keyring.get(name) == token

        if not await self._may_ask():
            return False
        try:
            if not await self._ask(store):
                raise KeyringError("it keeps nothing")
        except (KeyringError, _SilentError) as error:
            self._refused(error)
            return False
        self._in_keyring[name] = Token(token)
        self._file.remove(name)
        self.place = "keyring"
        return True

    # Asking

    async def _may_ask(self) -> bool:
        """Whether the keyring would answer without a dialog; if not, `why` tells why."""
        if not self._use_keyring:
            return False
        trouble = self._memory.get(_TROUBLE)
        # One that hung before is not waited for as long again, but heard when it answers.
        wait = HUNG_TIMEOUT_S if trouble == KeyringState.SILENT else KEYRING_TIMEOUT_S
        try:
            state = await self._ask(self._keyring.state, wait)
        except KeyringError:
            state = KeyringState.ABSENT
        except _SilentError:
            state = KeyringState.SILENT
        if state is KeyringState.SILENT:
            if trouble is None:
                self._memory.set(_TROUBLE, state.value)
                log.warning("the keyring does not answer")
        elif trouble == KeyringState.SILENT or state is not KeyringState.OPEN:
            self._forget_trouble()  # once it is unlocked again, it is asked again
        elif trouble is not None:
            self.why = REFUSED
            return False
        self.why = "" if state is KeyringState.OPEN else state.value
        return state is KeyringState.OPEN

    def _refused(self, error: Exception) -> None:
        """Remember, over starts too, that it refused or fell silent although it was unlocked."""
        self.why = REFUSED
        if self._memory.get(_TROUBLE) != REFUSED:
            self._memory.set(_TROUBLE, REFUSED)
            log.warning("the keyring is unlocked but refuses: %s", str(error) or "no answer")

    def _forget_trouble(self) -> None:
        self._memory.remove(_TROUBLE)

    async def _ask(self, action: Callable[[], T], timeout_s: float | None = None) -> T:
        """Let a thread ask the keyring, one question at a time.

        Raises:
            KeyringError: it refused.
            _SilentError: it did not answer in time, or has not answered an earlier question yet.
        """
        async with self._one_at_a_time:
            if self.waiting:
                raise _SilentError
            answer = _in_thread(action)
            wait_s = KEYRING_TIMEOUT_S if timeout_s is None else timeout_s
            done, _ = await asyncio.wait({answer}, timeout=wait_s)
            if not done:
                self._late = answer
                answer.add_done_callback(self._on_late)
                raise _SilentError
            return answer.result()

    def _on_late(self, answer: asyncio.Future[Any]) -> None:
        """It was slow, or a dialog was answered: it can be asked again."""
        self._late = None
        fine = not answer.cancelled() and answer.exception() is None
        if fine and answer.result() is not KeyringState.SILENT:
            self._forget_trouble()
            self.on_awake()


def _in_thread(action: Callable[[], T]) -> asyncio.Future[T]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(value: T | None, error: KeyringError | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type] # None is for errors only

    def run() -> None:
        value, failure = None, None
        try:
            value = action()
        except KeyringError as error:
            failure = error
        except Exception as error:  # noqa: BLE001, RUF100 - without its text: it may have a token
            failure = KeyringError(type(error).__name__)
        try:
            loop.call_soon_threadsafe(tell, value, failure)
        except RuntimeError:
            return  # the app has ended meanwhile

    # A daemon: a keyring that waits for its owner must not keep the app from ending.
    threading.Thread(target=run, name="keyring", daemon=True).start()
    return answer


def _readable(value: object) -> Token:
    try:
        return Token(value) if isinstance(value, str) else Token()
    except TokenError:
        return Token()
