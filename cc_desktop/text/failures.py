"""What is said about a gateway that is not live: from the kind of the failure alone.

Nothing here is taken from an exception. `Problem.said` and `Problem.detail` come from outside and
are cleaned where they enter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cc_desktop.fleet.model import ConnectionState
from cc_desktop.text.format import with_stop
from cc_desktop.text.i18n import mark, tr

if TYPE_CHECKING:
    from cc_desktop.fleet.model import ConnectionInfo, Problem

TOKEN_PLACES = mark("Settings → Gateways (or OPENCLAW_GATEWAY_TOKEN, --token-file)")
_SET_TOKEN = mark("Put the gateway's token into {places}, then reconnect.")
_RETRIES = mark("Nothing to do: the app retries by itself.")
_PAIR_AGAIN = mark(
    "On the gateway's host, remove this device (openclaw devices list) and pair it again."
)


class ProblemText(NamedTuple):
    """A problem in words."""

    title: str  # a few words, no stop
    message: str  # one or two sentences with the cause
    next_step: str  # what the operator can do, or that nothing has to be done


# By kind. {at} is Problem.detail, or what `_NOWHERE` says in its place; {places} is TOKEN_PLACES.
_TEXTS: dict[str, tuple[str, str, str]] = {
    "token-mismatch": (
        mark("The token is wrong"),
        mark("The gateway does not accept the token."),
        _SET_TOKEN,
    ),
    "token-missing": (
        mark("A token is needed"),
        mark("The gateway asks for its token."),
        _SET_TOKEN,
    ),
    "scope-mismatch": (
        mark("This device may not read"),
        mark("The gateway knows this device, but has not given it the right to read."),
        _PAIR_AGAIN,
    ),
    "pairing": (
        mark("Waiting for approval"),
        mark("The gateway does not know this device yet."),
        "",  # see _pairing_step
    ),
    "protocol": (
        mark("Version mismatch"),
        mark("The gateway and this app speak different versions of the protocol."),
        mark("Update whichever is older: this app speaks protocol 3 and 4."),
    ),
    "rate-limited": (
        mark("Too many attempts"),
        mark("The gateway asks to wait after too many failed logins."),
        mark("Check the token. The app retries by itself."),
    ),
    "device-expired": (
        mark("The clocks differ"),
        mark("For the gateway, this device's signature is too old or too new."),
        mark("Set the clock of this computer and of the gateway's host, then reconnect."),
    ),
    "device-refused": (
        mark("This device is refused"),
        mark("The gateway does not accept this device's signature."),
        _PAIR_AGAIN,
    ),
    "no-permission": (
        mark("No permission to read"),
        mark(
            "The gateway let this app in, but without the right to watch (operator.read), so there"
            " is nothing to show."
        ),
        mark(
            "On the gateway's host, look with openclaw devices list which rights this device has."
            " Remove it there and reconnect: then it asks for the right to watch anew."
        ),
    ),
    "rejected": (
        mark("The gateway refused"),
        mark("The gateway does not accept how this app introduces itself."),
        mark(
            "Update the gateway or this app. client_id and client_mode can be set for each gateway."
        ),
    ),
    "refused": (
        mark("The gateway refused"),
        mark("The gateway closed the connection without an error."),
        mark("The app retries by itself. If it goes on, check the token ({places})."),
    ),
    "starting": (mark("Starting"), mark("The gateway is starting."), _RETRIES),
    "restarting": (mark("Restarting"), mark("The gateway is restarting."), _RETRIES),
    "lost": (mark("Connection lost"), mark("The connection to the gateway was lost."), _RETRIES),
    "silent": (
        mark("No answer"),
        mark("{at} does not answer."),
        mark("Check that the gateway runs, and the network in between."),
    ),
    "too-many-requests": (
        mark("Too many attempts"),
        mark("The gateway, or a proxy in front of it, asks to wait."),
        _RETRIES,
    ),
    "forbidden": (
        mark("Refused by a proxy"),
        mark("Something in front of the gateway refuses the connection."),
        mark(
            "Check the address and the proxy's rules. gateway.trustedProxies may have to name it."
        ),
    ),
    "not-a-gateway": (
        mark("No gateway there"),
        mark("Something answers at {at}, but it is not a gateway."),
        mark("Check the address and the port."),
    ),
    "unavailable": (
        mark("Gateway unavailable"),
        mark("Something else answers at {at} at the moment."),
        mark("The app retries by itself. A proxy or a network login page may be in between."),
    ),
    "hung-up": (
        mark("Gateway unavailable"),
        mark("{at} accepts connections and closes them at once."),
        mark("Start the gateway behind the tunnel or proxy. The app retries by itself."),
    ),
    "behind-proxy": (
        mark("Gateway unavailable"),
        mark("A proxy answers, but it cannot reach the gateway."),
        mark("Start the gateway, or check where the proxy looks for it."),
    ),
    "unreachable": (
        mark("Not reachable"),
        mark("{at} cannot be reached."),
        mark("Start the gateway (openclaw gateway run), or check the address."),
    ),
    "dns": (
        mark("Unknown host"),
        mark("The host name in {at} cannot be found."),
        mark("Check the address and this computer's network."),
    ),
    "tls": (
        mark("No secure connection"),
        mark("The TLS connection to {at} failed."),
        mark("The app retries by itself. If it goes on, check that this port speaks TLS (wss://)."),
    ),
    "certificate": (
        mark("The certificate is not trusted"),
        mark("The TLS certificate of {at} cannot be verified."),
        mark(
            "Compare the certificate's fingerprint with the one on the gateway's host, then trust"
            " it in the gateway's settings; or let this computer trust its issuer."
        ),
    ),
    "certificate-changed": (
        mark("The certificate has changed"),
        mark("{at} shows another certificate than the one that you trusted."),
        mark(
            "Nothing was sent. If the gateway has a new certificate, compare its fingerprint and"
            " trust it in the gateway's settings; if not, somebody stands in between."
        ),
    ),
    "proxy": (
        mark("The proxy cannot be used"),
        mark("The proxy in this computer's network settings or environment cannot be used."),
        mark("Correct HTTPS_PROXY, or name the gateway's host in NO_PROXY, then restart the app."),
    ),
    "proxy-failed": (
        mark("The proxy does not connect"),
        mark("The proxy {at} does not connect to the gateway."),
        mark("Check the proxy, or name the gateway's host in NO_PROXY and restart the app."),
    ),
    "bad-url": (
        mark("The address is wrong"),
        mark("The gateway's address cannot be used."),
        mark("Write it as ws://host:18789/ or wss://host/."),
    ),
    "insecure": (
        mark("Not encrypted"),
        mark("A token would travel to {at} unencrypted."),
        mark("Use wss://, an SSH tunnel to localhost, or agree to it in Settings → Gateways."),
    ),
    "identity": (
        mark("No device key"),
        mark("This device's key cannot be read or written."),
        mark("Make the app's data directory writable, with room on the disk. The app retries."),
    ),
    "settings": (
        mark("A slip in the settings"),
        mark("The settings of this gateway cannot be used: see {at}."),
        mark("Mend it there; the app takes it over at once."),
    ),
    "internal": (
        mark("Internal error"),
        mark("This app failed while it worked with the gateway."),
        mark("The app retries by itself. If it goes on, report it with the app's log."),
    ),
}
KINDS = frozenset(_TEXTS)

_NOWHERE = mark("The gateway's address")
_LOCAL = frozenset({"unreachable", "certificate", "proxy", "proxy-failed"})  # this side says why
FLAPPING = mark("The connection comes and goes.")

_STATES = {
    ConnectionState.CONNECTING: mark("connecting…"),
    ConnectionState.AUTHENTICATING: mark("signing in…"),
    ConnectionState.SYNCING: mark("loading…"),
    ConnectionState.LIVE: mark("live"),
    ConnectionState.BLOCKED: mark("blocked"),
    ConnectionState.OFF: mark("off"),
}
# While waiting. Nothing is wrong with the first: they have no countdown.
_EXPECTED = {
    "starting": mark("starting…"),
    "restarting": mark("restarting…"),
    "pairing": mark("waiting for approval"),
}
_RETRY_IN = {
    "internal": mark("internal error · retry in {n} s"),
    "identity": mark("no device key · retry in {n} s"),
    "certificate": mark("certificate not trusted · retry in {n} s"),
    "proxy": mark("proxy cannot be used · retry in {n} s"),
    "rate-limited": mark("too many attempts · retry in {n} s"),
    "too-many-requests": mark("too many attempts · retry in {n} s"),
}


def describe(problem: Problem) -> ProblemText:
    """Put a problem into words: what it is, why, and what to do."""
    kind, detail, said = problem.kind, problem.detail, problem.said
    title, message, step = _TEXTS.get(kind, _TEXTS["internal"])
    if kind == "proxy" and detail.startswith("socks"):
        message = mark("The proxy speaks SOCKS, which needs the Python package python-socks.")
    elif kind == "protocol" and detail:
        step = _newer(detail)
    elif kind == "pairing":
        # The command stands last and without a stop: people copy it.
        step = (
            mark("On the gateway's host, run: openclaw devices approve {at}")
            if detail
            else mark("On the gateway's host, run openclaw devices list, then approve this device.")
        )
    values = {"at": detail or tr(_NOWHERE), "places": tr(TOKEN_PLACES)}
    told = tr(message, **values)
    if kind in ("identity", "internal") and detail:
        told = tr("{message} ({detail})", message=told, detail=detail)
    if said:
        template = (
            mark("{message} Reason: {said}")
            if kind in _LOCAL
            else mark("{message} It says: {said}")
        )
        told = tr(template, message=told, said=said)
    return ProblemText(tr(title), with_stop(told), tr(step, **values))


def connection_words(info: ConnectionInfo, now: int, *, polled: bool = False) -> str:
    """The state of a connection in a few words, for a pill.

    Args:
        info: The connection.
        now: Local ms.
        polled: HTTP serves meanwhile.
    """
    kind = info.problem.kind if info.problem else ""
    # While it is asked again, too: the pill stays as it is.
    if info.pairing and not info.pairing.upgrade and info.state is not ConnectionState.LIVE:
        return tr(_EXPECTED["pairing"])
    if info.state is ConnectionState.WAITING:
        if kind in _EXPECTED:
            return tr(_EXPECTED[kind])
        return _countdown(kind, math.ceil((info.until - now) / 1000), info.flapping, polled)
    if info.state is ConnectionState.BLOCKED and info.problem:
        return describe(info.problem).title
    if info.state is ConnectionState.LIVE and info.flapping:
        return tr("live · unstable")
    return tr(_STATES[info.state])


def _countdown(kind: str, seconds: int, flapping: bool, polled: bool) -> str:
    if polled:
        return tr("polled · retry in {n} s", n=seconds) if seconds > 0 else tr("polled · retrying…")
    if seconds <= 0:
        return tr("unreachable · retrying…")
    if flapping:
        return tr("unstable · retry in {n} s", n=seconds)
    return tr(_RETRY_IN.get(kind, mark("unreachable · retry in {n} s")), n=seconds)


def _newer(expected: str) -> str:
    if expected.isdecimal() and int(expected) > 4:
        return mark("The gateway wants protocol {at}; this app speaks 3 and 4: update this app.")
    return mark("The gateway wants protocol {at}; this app speaks 3 and 4: update the gateway.")
