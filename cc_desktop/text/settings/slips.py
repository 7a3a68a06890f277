"""What is said about a slip in the settings: where it is, what is wrong, what would be right."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cc_desktop.text.i18n import mark, tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence


class SlipKind(StrEnum):
    """What is wrong with a setting."""

    SYNTAX = "syntax"  # the file is not TOML; `detail` says why
    UNREADABLE = "unreadable"  # the file; `detail` says why
    VALUE = "value"  # the default applies
    ADDRESS = "address"  # `detail` is why there is none in it
    SECRET_IN_ADDRESS = "secret-in-address"  # noqa: S105 - the name of a slip
    TOKEN = "token"  # noqa: S105 - a token that cannot be used; `detail` says why
    PROTECTION = "protection"  # a proxy or certificate that cannot be used; the gateway waits
    RESERVED_ID = "reserved-id"
    DUPLICATE_ID = "duplicate-id"  # the second gateway is left out
    # What the operator should know, but nothing is lost.
    UNKNOWN_KEY = "unknown-key"
    MENDED = "mended"  # `value` is the address that is used
    TOKEN_READABLE = "token-readable"  # noqa: S105 - others can read the file `value`
    TOKEN_UNUSED = "token-unused"  # noqa: S105 - it is unclear whose it is; `detail` says why


class SettingsProblem(Struct, frozen=True):
    """One slip. Never holds a secret."""

    kind: SlipKind
    key: str = ""  # the setting, the option of the command line, or the variable
    value: str = ""  # what is written there, shortened
    file: str = ""  # "" for the command line and the environment
    line: int = 0  # 0: unknown
    gateway: str = ""  # its id
    detail: str = ""

    @property
    def place(self) -> str:
        """Where it is: file and line, or the name of the option or variable."""
        if not self.file:
            return self.key
        return f"{self.file}:{self.line}" if self.line else self.file


# What would be right, by key.
_ADVICE = {
    "demo": mark("Write true or false."),
    "demo_seed": mark("Write a whole number, such as 7."),
    "stuck_after_minutes": mark("Write whole minutes from 1 to 10080, such as 10."),
    "keyring": mark("Write true or false."),
    "update_url": mark('Write an address like "https://host/newest.json".'),
    "when_unreachable": mark('Write "sample" or "last-known".'),
    "hooks": mark('Write a [hooks] table with command = ["program", "argument"].'),
    "guard": mark("Write a [guard] table with a key in each line, such as same_calls = 12."),
    "same_calls": mark("Write a whole number from 2 to 60, such as 12."),
    "within_minutes": mark("Write whole minutes from 1 to 1440, such as 10."),
    "times_usual": mark("Write a number from 1.5 to 1000, such as 5."),
    "usual_after_runs": mark("Write a whole number from 1 to 50, such as 10."),
    "least_tokens": mark("Write a whole number of tokens, such as 100000."),
    "gateways": mark("Write each gateway as a [[gateways]] table."),
    "url": mark('Write an address like "ws://localhost:18789/" or "wss://host/".'),
    "id": mark("Write a short text of at most 80 characters."),
    "name": mark("Write a short text of at most 80 characters."),
    "token_file": mark("Write the path of a file that has the token in it, and nothing else."),
    "rest_url": mark('Write an address like "http://host/api/agents".'),
    "poll_interval": mark('Write a time from 0.5 s to 60 min, such as "5s".'),
    "insecure": mark("Write true or false."),
    "enabled": mark("Write true or false."),
    "client_id": mark('Write a text like "control-center".'),
    "client_mode": mark('Write a text like "operator".'),
    "proxy": mark('Write "none", or an address like "http://proxy.example:3128".'),
    "fingerprint": mark("Write the SHA-256 of the gateway's certificate: 64 hex digits."),
    "access": mark('Write "watch", "approve" or "operate".'),
}
# The names of settings on the command line and in the environment.
_SAME_AS = {
    "--url": "url",
    "GATEWAY_WS_URL": "url",
    "WS_GATEWAY_URL": "url",
    "GATEWAY_URL": "rest_url",
    "GATEWAY_POLL_INTERVAL": "poll_interval",
    "--token-file": "token_file",
}
_ADDRESS = {
    "empty": mark("A gateway needs an address."),
    "no-host": mark("The address {value} names no host."),
    "bad-port": mark("The port in {value} cannot be one: ports go from 1 to 65535."),
    "other-scheme": mark("The address {value} is not one of a gateway."),
    "unreadable": mark("The address {value} cannot be read."),
    "setup-code": mark("The setup code is for the mobile apps and names no gateway."),
}
_WORDS = {
    SlipKind.SYNTAX: mark("The file cannot be read: {detail}. No gateway of it is connected."),
    SlipKind.UNREADABLE: mark("The file cannot be read: {detail}. No gateway of it is connected."),
    SlipKind.VALUE: mark("{key} cannot be {value}, so the default applies."),
    SlipKind.SECRET_IN_ADDRESS: mark(
        "The address in {key} has a password or token in it, which would be shown and logged. "
        "Put it into a token file instead."
    ),
    SlipKind.TOKEN: mark("The token cannot be used: {detail}."),
    SlipKind.PROTECTION: mark("{key} cannot be used, so this gateway is not connected."),
    SlipKind.RESERVED_ID: mark('The id "{value}" belongs to the sample data. Choose another one.'),
    SlipKind.DUPLICATE_ID: mark(
        'Two gateways have the id "{value}", so the second one is left out. Give each its own id.'
    ),
    SlipKind.UNKNOWN_KEY: mark("The setting {key} is unknown and is ignored."),
    SlipKind.MENDED: mark("The address is used as {value}"),
    SlipKind.TOKEN_READABLE: mark(
        "Every user of this computer can read the token in {value} (chmod 600 helps)."
    ),
    SlipKind.TOKEN_UNUSED: mark("{detail}."),
}
_UNKNOWN_VALUE = mark("{key} has a value that cannot be used, so the default applies.")


def describe_slip(problem: SettingsProblem) -> str:
    """Put a slip into one line: where it is, what is wrong, what would be right."""
    kind = problem.kind
    if kind is SlipKind.ADDRESS:
        template = _ADDRESS.get(problem.detail, _ADDRESS["unreadable"])
    elif kind is SlipKind.VALUE and not problem.value:
        template = _UNKNOWN_VALUE
    else:
        template = _WORDS[kind]
    said = tr(template, key=problem.key, value=problem.value, detail=problem.detail)
    if kind in (SlipKind.VALUE, SlipKind.ADDRESS, SlipKind.PROTECTION):
        key = _SAME_AS.get(problem.key, problem.key)
        said = tr("{said} {advice}", said=said, advice=tr(_ADVICE.get(key, _ADVICE["url"])))
    if not problem.place:
        return said
    return tr("{place}: {said}", place=problem.place, said=said)


def describe_slips(problems: Sequence[SettingsProblem]) -> str:
    """Put all slips into one line: the first one, and how many more there are; "" for none."""
    if not problems:
        return ""
    first, more = describe_slip(problems[0]), len(problems) - 1
    if not more:
        return first
    return trn("{first} (and {n} more slip)", "{first} (and {n} more slips)", more, first=first)


CHANGED_MEANWHILE = mark(
    "The settings file was changed meanwhile. The list is up to date now: try again."
)


def id_taken(ident: str) -> str:
    """A gateway cannot be saved because another one has its id."""
    return tr('There is a gateway with the id "{id}" already. Choose another one.', id=ident)
