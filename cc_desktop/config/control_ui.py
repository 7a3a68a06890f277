"""The address of a gateway's own page, the Control UI, for a session.

Never with a secret: whoever opens it signs in there. Documented in `docs/web/urls.md` of OpenClaw
2026.9.6; older releases, which know `/chat?session=` alone, are read from their page's code
(2026.5.7). Newer releases rewrite that form to the path below.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

_SCHEMES = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_PATHS = (2026, 8)  # from this release on a session has a path of its own
_QUERY = (2026, 1)  # and from this one on a query
_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})\b", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.ASCII)
# What the page would read as a short id rather than as the name of a session.
_LIKE_SHORT_ID = re.compile(r"(.*-)?[0-9a-f]{8,32}", re.ASCII)
_HOME = ("main", "global")
_DOTS = {".": "~dot", "..": "~dotdot"}


def control_ui_address(url: str, server_version: str, session_key: str = "") -> str:
    """Where the gateway shows a session.

    Args:
        url: Where the app connects to; its path is taken for the page's base path.
        server_version: What the gateway says it is; decides the form of the address.
        session_key: "" for the start page.

    Returns:
        An http or https address without user, password, token, query of the original or fragment;
        the start page where nothing better is known; "" where the url is of no use.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not host:
        return ""
    place = f"[{host}]" if ":" in host else host
    if port is not None:
        place += f":{port}"
    base = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
    found = _RELEASE.match(server_version)
    release = (int(found[1]), int(found[2])) if found else (0, 0)
    path, query = base + "/", ""
    agent, _, rest = session_key.removeprefix("agent:").partition(":")
    if not session_key.startswith("agent:") or not agent or not rest:
        pass
    elif release >= _PATHS:
        path = f"{base}/chat/{_segment(agent)}" + _rest_path(rest)
    elif release >= _QUERY:
        path, query = f"{base}/chat", urlencode({"session": session_key})
    return urlunsplit((scheme, place, path, query, ""))


def _rest_path(rest: str) -> str:
    """What follows the agent in the path, for what follows it in the key."""
    if rest == "main":
        return ""
    words = rest.split(":")
    if _UUID.fullmatch(words[-1]):
        return "/" + words[-1].replace("-", "")
    path = "".join(f"/{_segment(word)}" for word in words)
    if len(words) == 1 and (rest in _HOME or _LIKE_SHORT_ID.fullmatch(rest)):
        return "/~key" + path
    return path


def _segment(word: str) -> str:
    if word in _DOTS:
        return _DOTS[word]
    return quote("~" + word if word.startswith("~") else word, safe="~").replace(".", "%2E")
