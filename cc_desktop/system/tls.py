"""Whom this app trusts over TLS: the system's roots, or one certificate that the operator pinned.

There is no silent trust: a certificate that neither the system nor the operator vouches for ends
the connection before a byte of it is used.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import re
import ssl
import threading

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_making = threading.Lock()


class UntrustedCertificateError(ssl.SSLCertVerificationError):
    """The peer's certificate is not the one that is trusted.

    Attributes:
        fingerprint: SHA-256 of the peer's own certificate, 64 hex digits; "" if it sent none.
    """

    def __init__(self, fingerprint: str) -> None:
        super().__init__(1, "the certificate is not the one that is trusted")
        self.fingerprint = fingerprint


def read_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint as 64 hex digits, however it is written; "" if it is none.

    Gateways and tools print it with colons, spaces or capitals, and with a "SHA256" before it.
    """
    bare = re.sub(r"^sha-?256[\s=:]*(fingerprint[\s=:]*)?", "", text.strip(), flags=re.IGNORECASE)
    digits = re.sub(r"[\s:]", "", bare).lower()
    return digits if _HEX.fullmatch(digits) else ""


async def client_context(fingerprint: str = "") -> ssl.SSLContext:
    """Return the context of a connection; made once, outside of the event loop.

    Reading the system's roots takes 50 ms and more.

    Args:
        fingerprint: Trust exactly the certificate with this SHA-256 (64 hex digits), whatever the
            system says. "" trusts what the system trusts.
    """
    if fingerprint:
        return pinned_context(fingerprint)
    return await asyncio.to_thread(system_context)


def system_context() -> ssl.SSLContext:
    """Return the context that trusts what the system trusts. Slow the first time."""
    with _making:
        return _system_context()


@functools.cache
def _system_context() -> ssl.SSLContext:
    import truststore  # with the roots, it is needed for TLS alone

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def plain_context() -> ssl.SSLContext:
    """Return a context that trusts nobody, at no cost: for connections without TLS."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def pinned_context(fingerprint: str) -> ssl.SSLContext:
    """Return a context that accepts one certificate alone, and no other whoever signed it.

    The handshake raises `UntrustedCertificateError` for any other certificate, before anything is
    sent over the connection. With "" it accepts none, and so tells the certificate of a peer.
    """

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = self.getpeercert(binary_form=True) or b""
            found = hashlib.sha256(certificate).hexdigest() if certificate else ""
            if not found or found != fingerprint:
                raise UntrustedCertificateError(found)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # `Pinned` decides instead
    context.sslobject_class = Pinned
    return context
