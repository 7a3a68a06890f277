"""Keeps the gateway's secrets out of the programs that this app starts.

A browser, xdg-mime or a notification helper inherits the environment, and so does whatever they
start. The secrets leave `os.environ` before anything else runs; a child that Qt or the standard
library starts then has none to inherit.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

TOKEN_NAMES = ("OPENCLAW_GATEWAY_TOKEN", "GATEWAY_TOKEN")  # the first that is set is used
SECRET_NAMES = frozenset({*TOKEN_NAMES, "OPENCLAW_GATEWAY_PASSWORD", "GATEWAY_PASSWORD"})


def take_secrets(environ: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """Take the secrets out of the environment.

    Args:
        environ: The environment to take them from; `os.environ` by default.

    Returns:
        The environment as it was, secrets included: for the settings, and for nobody else.
    """
    environ = os.environ if environ is None else environ
    before = dict(environ)
    for name in SECRET_NAMES:
        environ.pop(name, None)
    return before


def child_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Copy the environment for a program that this app starts, without the secrets."""
    environ = os.environ if environ is None else environ
    return {name: value for name, value in environ.items() if name not in SECRET_NAMES}


def restart_environment(
    before: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Copy the environment for this very app that starts again: it needs its secrets once more.

    Args:
        before: What `take_secrets` returned.
        environ: The environment now; `os.environ` by default.
    """
    secrets = {name: value for name, value in before.items() if name in SECRET_NAMES}
    return {**child_environment(environ), **secrets}
