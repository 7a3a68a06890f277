"""Finds the line of a key in a TOML file, for what is said about it."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*=""", re.ASCII)


class TomlLines:
    """Where the keys of the top level and of tables are. A guess in odd layouts."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[int | str | None, str], int] = {}
        self._headers: dict[int | str | None, int] = {}
        table: int | str | None = None
        tables = 0
        for number, line in enumerate(text.split("\n"), 1):
            header = _HEADER.fullmatch(line)
            if header is not None:
                table = header[1].strip("\"'")
                if table == "gateways":
                    table, tables = tables, tables + 1
                self._headers.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key is not None:
                name = next(part for part in key.groups() if part is not None)
                self._lines.setdefault((table, name), number)

    def line_of(self, key: str, table: int | str | None = None) -> int:
        """The line of a key, else that of its table, else 0.

        Args:
            key: Its name.
            table: The number of the gateway, from 0, or the name of another table; None for the top
                level, whose keys may be tables themselves.
        """
        found = self._lines.get((table, key), 0) or self._headers.get(table, 0)
        if found or table is not None:
            return found
        return self._headers.get(0 if key == "gateways" else key, 0)
