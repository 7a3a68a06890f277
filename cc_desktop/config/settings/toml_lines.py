"""Finds the line of a key in a TOML file, for what is said about it."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""", re.ASCII)


class TomlLines:
    """Where top-level keys and those of the [[gateways]] tables are. A guess in odd layouts."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[int | None, str], int] = {}
        self._headers: dict[int | None, int] = {}
        table: int | None = None
        is_ours = True  # the lines belong to the top level or to a gateway
        tables = 0
        for number, line in enumerate(text.split("\n"), 1):
            header = _HEADER.fullmatch(line)
            if header is not None:
                is_ours = header[1].strip("\"'") == "gateways"
                if is_ours:
                    table, tables = tables, tables + 1
                    self._headers[table] = number
                continue
            key = _KEY.match(line)
            if key is not None and is_ours:
                name = next(part for part in key.groups() if part is not None)
                self._lines.setdefault((table, name), number)

    def line_of(self, key: str, table: int | None = None) -> int:
        """The line of a key, else that of its table, else 0.

        Args:
            key: Its name.
            table: The number of the gateway, from 0; None for the top level.
        """
        found = self._lines.get((table, key), 0) or self._headers.get(table, 0)
        if not found and table is None and key == "gateways":
            found = self._headers.get(0, 0)
        return found
