"""Who this device is: an Ed25519 key in a file that only its owner can read.

Gateways know a device by its key. A lost key means that every gateway has to approve the device
again, so a file that exists is never overwritten.
"""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

import msgspec
from msgspec import Struct

from cc_desktop.protocol import handshake
from cc_desktop.system.files import (
    FileError,
    MissingFileError,
    keep_aside,
    kept_aside,
    read_private,
    write_private,
)

log = logging.getLogger(__name__)


class IdentityError(Exception):
    """The key can be neither read nor written. The text says which file and why.

    Attributes:
        reason: Why, in the system's words, such as "No space left on device".
        errno: The system's error number, or 0.
    """

    def __init__(self, error: FileError | str) -> None:
        super().__init__(str(error))
        self.reason = error.reason if isinstance(error, FileError) else error
        self.errno = error.errno if isinstance(error, FileError) else 0


class _Key:
    __slots__ = ("private", "public")

    def __init__(self, raw: bytes | None = None) -> None:
        """Take a private key, or make one.

        Args:
            raw: 32 bytes; None makes a new key.

        Raises:
            ValueError: they are no key.
        """
        # Imported late: it takes 20 ms, and the window is painted before.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        make = Ed25519PrivateKey
        self.private = make.generate() if raw is None else make.from_private_bytes(raw)
        self.public = self.private.public_key().public_bytes_raw()


class Identity(Struct, frozen=True):
    """The device's key and ids. Its repr does not show the private part."""

    key: _Key
    instance_id: str
    kept_aside: Path | None = None  # the damaged file that this new key takes the place of

    @property
    def public_key(self) -> bytes:
        """32 raw bytes."""
        return self.key.public

    @property
    def device_id(self) -> str:
        """Hex SHA-256 of the public key."""
        return handshake.device_id(self.key.public)

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        return self.key.private.sign(data)


def new_identity() -> Identity:
    """A new key, in memory."""
    return Identity(_Key(), str(uuid.uuid4()))


def load_identity(path: Path) -> Identity:
    """Read the key, or make one where there is none.

    A file that holds no key is kept aside under another name, and `Identity.kept_aside` tells it:
    with its new key, the device has to be approved by every gateway again.

    Args:
        path: The file of the key.

    Raises:
        IdentityError: the file exists but cannot be read, or a new one cannot be written.
    """
    try:
        try:
            return _decode(read_private(path))
        except MissingFileError:
            pass
        except _DamagedError:
            log.warning(
                "the device key was damaged and kept aside as %s; "
                "gateways must approve this device again",
                keep_aside(path),
            )
        # Also where an earlier try put the damaged file aside and could not write the new one.
        aside = kept_aside(path)
        identity = Identity(_Key(), str(uuid.uuid4()), aside[-1] if aside else None)
        write_private(path, _encode(identity))
    except FileError as error:
        raise IdentityError(error) from None
    return identity


class _DamagedError(Exception):
    """The file holds no key."""


def _decode(data: bytes) -> Identity:
    try:
        stored = msgspec.json.decode(data, type=dict[str, str])
        return Identity(_Key(bytes.fromhex(stored["private"])), stored["instance_id"])
    except (msgspec.DecodeError, KeyError, ValueError, RecursionError):
        raise _DamagedError from None  # without the content: it may be a key


def _encode(identity: Identity) -> bytes:
    raw = identity.key.private.private_bytes_raw()
    return msgspec.json.encode({"private": raw.hex(), "instance_id": identity.instance_id})
