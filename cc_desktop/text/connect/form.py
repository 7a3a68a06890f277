"""What is said of an address, a test, and gateways in the settings."""

from __future__ import annotations

from cc_desktop.text.i18n import mark, tr

# By the value of config.address.AddressProblem.
_ADDRESS_PROBLEMS = {
    "empty": mark("Type the gateway's address, such as studio.example or wss://studio.example."),
    "no-host": mark("The name of the computer is missing."),
    "bad-port": mark("The port must be a number between 1 and 65535."),
    "other-scheme": mark("A gateway's address starts with wss:// or ws://."),
    "unreadable": mark("This is no address."),
    "setup-code": mark("This setup code names no gateway."),
}


def address_problem(problem: str) -> str:
    """Why there is no address in what was typed."""
    return tr(_ADDRESS_PROBLEMS.get(problem, _ADDRESS_PROBLEMS["unreadable"]))


def will_connect(url: str, *, secret: bool) -> str:
    """Where the app will connect. `secret`: the token was taken out of what was typed."""
    if secret:
        return tr("Will connect to {url}, without the secret that was in the link.", url=url)
    return tr("Will connect to {url}", url=url)


def milliseconds(took_ms: int) -> str:
    """How long a step took."""
    return tr("{n} ms", n=took_ms) if took_ms < 1000 else tr("{n:.1f} s", n=took_ms / 1000)
