"""A disk that fails at one step of a write."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = ("open", "write", "fsync", "rename")
CODES = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.ENAMETOOLONG)
FAULTS = [
    pytest.param(step, code, id=f"{step}-{errno.errorcode[code]}")
    for step in STEPS
    for code in CODES
]


def failing(patch: pytest.MonkeyPatch, step: str, code: int) -> None:
    """Let one step of writing fail; reading goes on."""

    def fail(*_arguments: object, **_more: object) -> Any:
        raise OSError(code, os.strerror(code))

    if step == "open":
        patch.setattr(os, "open", _only_writing(os.open, fail))
    elif step == "write":
        patch.setattr(os, "fdopen", _without_room(os.fdopen, fail))
    elif step == "fsync":
        patch.setattr(os, "fsync", fail)
    else:
        patch.setattr(Path, "replace", fail)
        patch.setattr(os, "replace", fail)


def _only_writing(real: Callable[..., int], fail: Callable[..., int]) -> Callable[..., int]:
    def open_(path: object, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            return fail()
        return real(path, flags, *more, **named)

    return open_


def _without_room(real: Callable[..., Any], fail: Callable[..., int]) -> Callable[..., Any]:
    class Full(io.FileIO):
        def write(self, _data: Any) -> int:
            return fail()

    def fdopen(handle: int, mode: str = "r", *more: Any, **named: Any) -> Any:
        if "w" in mode:
            return io.BufferedWriter(Full(handle, "wb"))
        return real(handle, mode, *more, **named)

    return fdopen
