"""What is said about a gateway that is not live: from the kind of the failure alone.

Nothing here is taken from an exception. `Problem.said` and `Problem.detail` come from outside and
are cleaned where they enter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.model import ConnectionState

if TYPE_CHECKING:
    from cc_desktop.fleet.model import ConnectionInfo, Problem

TOKEN_PLACES = "OPENCLAW_GATEWAY_TOKEN, --token-file, or token_file in the settings file"  # noqa: S105 - names of places
_SET_TOKEN = f"Put the gateway's token into {TOKEN_PLACES}, then reconnect."
_RETRIES = "Nothing to do: the app retries by itself."
_PAIR_AGAIN = "On the gateway's host, remove this device (openclaw devices list) and pair it again."


class ProblemText(NamedTuple):
    """A problem in words."""

    title: str  # a few words, no stop
    message: str  # one or two sentences with the cause
    next_step: str  # what the operator can do, or that nothing has to be done


# By kind; {at} is Problem.detail, or what `_NOWHERE` says in its place.
_TEXTS: dict[str, tuple[str, str, str]] = {
    "token-mismatch": (
        "The token is wrong",
        "The gateway does not accept the token.",
        _SET_TOKEN,
    ),
    "token-missing": (
        "A token is needed",
        "The gateway asks for its token.",
        _SET_TOKEN,
    ),
    "scope-mismatch": (
        "This device may not read",
        "The gateway knows this device, but has not given it the right to read.",
        _PAIR_AGAIN,
    ),
    "pairing": (
        "Waiting for approval",
        "The gateway does not know this device yet.",
        "",  # see _pairing_step
    ),
    "protocol": (
        "Version mismatch",
        "The gateway and this app speak different versions of the protocol.",
        "Update whichever is older: this app speaks protocol 3 and 4.",
    ),
    "rate-limited": (
        "Too many attempts",
        "The gateway asks to wait after too many failed logins.",
        "Check the token. The app retries by itself.",
    ),
    "device-expired": (
        "The clocks differ",
        "For the gateway, this device's signature is too old or too new.",
        "Set the clock of this computer and of the gateway's host, then reconnect.",
    ),
    "device-refused": (
        "This device is refused",
        "The gateway does not accept this device's signature.",
        _PAIR_AGAIN,
    ),
    "no-permission": (
        "No permission to read",
        "The gateway let this app in, but does not let it read.",
        "On the gateway's host, give this device the scope operator.read.",
    ),
    "rejected": (
        "The gateway refused",
        "The gateway does not accept how this app introduces itself.",
        "Update the gateway or this app. client_id and client_mode can be set for each gateway.",
    ),
    "refused": (
        "The gateway refused",
        "The gateway closed the connection without an error.",
        f"The app retries by itself. If it goes on, check the token ({TOKEN_PLACES}).",
    ),
    "starting": ("Starting", "The gateway is starting.", _RETRIES),
    "restarting": ("Restarting", "The gateway is restarting.", _RETRIES),
    "lost": ("Connection lost", "The connection to the gateway was lost.", _RETRIES),
    "silent": (
        "No answer",
        "{at} does not answer.",
        "Check that the gateway runs, and the network in between.",
    ),
    "too-many-requests": (
        "Too many attempts",
        "The gateway, or a proxy in front of it, asks to wait.",
        _RETRIES,
    ),
    "forbidden": (
        "Refused by a proxy",
        "Something in front of the gateway refuses the connection.",
        "Check the address and the proxy's rules. gateway.trustedProxies may have to name it.",
    ),
    "not-a-gateway": (
        "No gateway there",
        "Something answers at {at}, but it is not a gateway.",
        "Check the address and the port.",
    ),
    "unavailable": (
        "Gateway unavailable",
        "Something else answers at {at} at the moment.",
        "The app retries by itself. A proxy or a network login page may be in between.",
    ),
    "hung-up": (
        "Gateway unavailable",
        "{at} accepts connections and closes them at once.",
        "Start the gateway behind the tunnel or proxy. The app retries by itself.",
    ),
    "behind-proxy": (
        "Gateway unavailable",
        "A proxy answers, but it cannot reach the gateway.",
        "Start the gateway, or check where the proxy looks for it.",
    ),
    "unreachable": (
        "Not reachable",
        "{at} cannot be reached.",
        "Start the gateway (openclaw gateway run), or check the address.",
    ),
    "dns": (
        "Unknown host",
        "The host name in {at} cannot be found.",
        "Check the address and this computer's network.",
    ),
    "tls": (
        "No secure connection",
        "The TLS connection to {at} failed.",
        "The app retries by itself. If it goes on, check that this port speaks TLS (wss://).",
    ),
    "certificate": (
        "The certificate is not trusted",
        "The TLS certificate of {at} cannot be verified.",
        "Check the address, or let this computer trust the certificate's issuer.",
    ),
    "proxy": (
        "The proxy cannot be used",
        "The proxy in this computer's network settings or environment cannot be used.",
        "Correct HTTPS_PROXY, or name the gateway's host in NO_PROXY, then restart the app.",
    ),
    "proxy-failed": (
        "The proxy does not connect",
        "The proxy {at} does not connect to the gateway.",
        "Check the proxy, or name the gateway's host in NO_PROXY and restart the app.",
    ),
    "bad-url": (
        "The address is wrong",
        "The gateway's address cannot be used.",
        "Write it as ws://host:18789/ or wss://host/.",
    ),
    "insecure": (
        "Not encrypted",
        "A token would travel to {at} unencrypted.",
        "Use wss://, an SSH tunnel to localhost, or set insecure = true for this gateway.",
    ),
    "identity": (
        "No device key",
        "This device's key cannot be read or written.",
        "Make the app's data directory writable, with room on the disk. The app retries by itself.",
    ),
    "internal": (
        "Internal error",
        "This app failed while it worked with the gateway.",
        "The app retries by itself. If it goes on, report it with the app's log.",
    ),
}
KINDS = frozenset(_TEXTS)

_NOWHERE = "The gateway's address"
_SHORT = {  # on a pill, before "retry in 5 s"
    "starting": "starting",
    "restarting": "restarting",
    "pairing": "waiting for approval",
    "internal": "internal error",
    "identity": "no device key",
    "certificate": "certificate not trusted",
    "proxy": "proxy cannot be used",
    "rate-limited": "too many attempts",
    "too-many-requests": "too many attempts",
}
_EXPECTED = frozenset({"starting", "restarting", "pairing"})  # no countdown: nothing is wrong
FLAPPING = "The connection comes and goes."


def describe(problem: Problem) -> ProblemText:
    """Put a problem into words: what it is, why, and what to do."""
    title, message, step = _TEXTS.get(problem.kind, _TEXTS["internal"])
    message = message.replace("{at}", problem.detail or _NOWHERE)
    if problem.kind == "pairing":
        step = _pairing_step(problem.detail)
    elif problem.kind == "protocol" and problem.detail:
        step = _protocol_step(problem.detail)
    elif problem.kind == "proxy" and problem.detail.startswith("socks"):
        message = "The proxy speaks SOCKS, which needs the Python package python-socks."
    elif problem.kind in ("identity", "internal") and problem.detail:
        message = f"{message} ({problem.detail})"
    if problem.said:
        message = f"{message} {_introduction(problem.kind)}: {problem.said}"
    return ProblemText(title, _with_stop(message), step)


def connection_words(info: ConnectionInfo, now: int) -> str:
    """The state of a connection in a few words, for a pill. `now`: local ms."""
    match info.state:
        case ConnectionState.CONNECTING:
            return "connecting…"
        case ConnectionState.AUTHENTICATING:
            return "signing in…"
        case ConnectionState.SYNCING:
            return "loading…"
        case ConnectionState.LIVE:
            return "live · unstable" if info.flapping else "live"
        case ConnectionState.BLOCKED:
            return describe(info.problem).title if info.problem else "blocked"
        case ConnectionState.WAITING:
            return _waiting(info, now)
    return "off"


def _waiting(info: ConnectionInfo, now: int) -> str:
    kind = info.problem.kind if info.problem else ""
    short = _SHORT.get(kind, "unreachable")
    if kind in _EXPECTED:
        return short if kind == "pairing" else f"{short}…"
    if info.flapping:
        short = "unstable"
    left = info.until - now
    return f"{short} · " + (f"retry in {math.ceil(left / 1000)} s" if left > 0 else "retrying…")


def _pairing_step(request_id: str) -> str:
    # The command stands last and without a stop: people copy it.
    if request_id:
        return f"On the gateway's host, run: openclaw devices approve {request_id}"
    return "On the gateway's host, run openclaw devices list, then approve this device."


def _protocol_step(expected: str) -> str:
    side = "this app" if expected.isdecimal() and int(expected) > 4 else "the gateway"
    return f"The gateway wants protocol {expected}; this app speaks 3 and 4: update {side}."


def _introduction(kind: str) -> str:
    local = ("unreachable", "certificate", "proxy", "proxy-failed")
    return "Reason" if kind in local else "It says"


def _with_stop(text: str) -> str:
    return text if text[-1:] in ".!?…)" else f"{text}."
