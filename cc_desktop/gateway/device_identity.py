"""Who this device is: an Ed25519 key in a file that only its owner can read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from cc_desktop.protocol import handshake
from cc_desktop.system.files import FileError, write_private

if TYPE_CHECKING:
    from pathlib import Path


class IdentityError(Exception):
    """The key can be neither read nor written. The text says which file and why."""


class _Key:
    __slots__ = ("private", "public")

    def __init__(self, raw: bytes | None = None) -> None:
        """`raw` are the 32 bytes of a private key; None makes a new one.

        Raises:
            ValueError: they are no key.
        """
        # Here, since it takes 20 ms that the window need not wait for.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        make = Ed25519PrivateKey
        self.private = make.generate() if raw is None else make.from_private_bytes(raw)
        self.public = self.private.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class Identity:
    """The device's key and ids. The private part is not shown."""

    key: _Key
    instance_id: str

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
    """Read the key, or make one. A file that cannot be read as a key is kept aside.

    Raises:
        IdentityError: the file is there but may not be read, or none can be written.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        identity = new_identity()
        _write(path, identity)
        return identity
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror}") from None
    try:
        stored = msgspec.json.decode(data, type=dict[str, str])
        key = _Key(bytes.fromhex(stored["private"]))
        return Identity(key, stored["instance_id"])
    except (msgspec.DecodeError, KeyError, ValueError):
        aside = path.with_name(f"{path.name}.unreadable-{uuid.uuid4().hex[:8]}")
        try:
            path.rename(aside)
        except OSError as error:
            raise IdentityError(f"{path}: {error.strerror}") from None
        identity = new_identity()
        _write(path, identity)
        return identity


def _write(path: Path, identity: Identity) -> None:
    raw = identity.key.private.private_bytes_raw()
    stored = {"private": raw.hex(), "instance_id": identity.instance_id}
    try:
        write_private(path, msgspec.json.encode(stored))
    except FileError as error:
        raise IdentityError(str(error)) from None
