"""What a refusal of a read means: not for us, not in this release, or not now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_desktop.fleet.facts import ReadAccess

if TYPE_CHECKING:
    from cc_desktop.gateway.connection import RequestFailedError

_REFUSED_CODES = frozenset({"FORBIDDEN", "UNAUTHORIZED", "NO_PERMISSION", "403", "401"})


def is_absent(error: RequestFailedError, *, advertised: bool) -> bool:
    """Whether this release does not have the method.

    An unknown method answers "missing scope: operator.admin" (measured on 2026.5.7 and 2026.7.1):
    authorization comes before the look-up. A gateway does not advertise all that it has, so that
    answer only means "absent" for a method that it does not advertise.
    """
    said = error.failure.error
    words = said.message.lower() if said else ""
    code = said.code if said else ""
    if "unknown method" in words or code in ("METHOD_NOT_FOUND", "-32601"):
        return True
    return "operator.admin" in words and not advertised


def access_after(error: RequestFailedError, *, advertised: bool) -> ReadAccess | None:
    """What is known about reading a subject after an error; None: nothing, it may pass."""
    if is_absent(error, advertised=advertised):
        return ReadAccess.ABSENT
    said = error.failure.error
    if said is None:
        return None
    refused = said.code in _REFUSED_CODES or said.detail_code == "MISSING_SCOPE"
    if refused or "missing scope" in said.message.lower():
        return ReadAccess.REFUSED
    return None


def is_about_parameters(error: RequestFailedError) -> bool:
    """Whether the gateway does not know one of the parameters; older ones refuse the request."""
    said = error.failure.error
    if said is None or said.code != "INVALID_REQUEST":
        return False
    words = said.message.lower()
    return "invalid" in words and "params" in words


def is_for_now(error: RequestFailedError) -> bool:
    """Whether the gateway cannot answer at the moment: it starts, or finishes before it ends."""
    said = error.failure.error
    return said is not None and said.code == "UNAVAILABLE"
