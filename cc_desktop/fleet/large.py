"""Mappings and sorted sequences that never change, and whose next version is cheap at any size.

What is small is a plain dict or tuple, and copied. What is large shares most of itself with the
version before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import ItemsView, ValuesView

    Moment = tuple[int, str]

LARGE = 256  # entries; up to there a copy costs less than the care
_MOST_ON_TOP = 64
_BLOCK = 128  # entries of a block; one of twice the size is split

_V = TypeVar("_V")
_first = itemgetter(0)


def with_entry(mapping: Mapping[str, _V], key: str, value: _V) -> Mapping[str, _V]:
    """The mapping with one more entry, or another value in one."""
    if isinstance(mapping, _Layers):
        base, top = mapping.base, {**mapping.top, key: value}
    elif len(mapping) < LARGE:
        return {**mapping, key: value}
    else:
        base, top = mapping, {key: value}
    return _Layers(base, top) if len(top) <= _MOST_ON_TOP else {**base, **top}


def with_moment(
    moments: Sequence[Moment], old: Moment | None, new: Moment | None
) -> Sequence[Moment]:
    """The sorted sequence without `old`, which is in it, and with `new`."""
    if not isinstance(moments, _Blocks):
        if len(moments) < LARGE:
            entries = list(moments)
            if old is not None:
                del entries[bisect_left(entries, old)]
            if new is not None:
                insort(entries, new)
            return tuple(entries)
        moments = _Blocks(
            tuple(tuple(moments[at : at + _BLOCK]) for at in range(0, len(moments), _BLOCK))
        )
    if old is not None:
        moments = moments.without(old)
    return moments if new is None else moments.including(new)


class _Layers(Mapping[str, _V]):
    """A few new entries over a large dict that many versions share."""

    __slots__ = ("base", "top")

    def __init__(self, base: Mapping[str, _V], top: dict[str, _V]) -> None:
        self.base = base
        self.top = top

    def __getitem__(self, key: str) -> _V:
        return self.top[key] if key in self.top else self.base[key]

    def __contains__(self, key: object) -> bool:
        return key in self.top or key in self.base

    def __len__(self) -> int:
        return len(self.base) + sum(key not in self.base for key in self.top)

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def items(self) -> ItemsView[str, _V]:
        return self._whole().items()

    def values(self) -> ValuesView[_V]:
        return self._whole().values()

    def __eq__(self, other: object) -> bool:
        return self._whole() == (other._whole() if isinstance(other, _Layers) else other)

    __hash__ = None  # type: ignore[assignment]  # like a dict

    def __repr__(self) -> str:
        return repr(self._whole())

    def _whole(self) -> dict[str, _V]:
        return {**self.base, **self.top}


class _Blocks(Sequence["Moment"]):
    """Sorted, in blocks of which a change makes one anew. None is empty."""

    __slots__ = ("_blocks",)

    def __init__(self, blocks: tuple[tuple[Moment, ...], ...]) -> None:
        self._blocks = blocks

    def without(self, moment: Moment) -> _Blocks:
        at = self._where(moment)
        block = list(self._blocks[at])
        del block[bisect_left(block, moment)]
        return self._with(at, (tuple(block),) if block else ())

    def including(self, moment: Moment) -> _Blocks:
        if not self._blocks:
            return _Blocks(((moment,),))
        at = self._where(moment)
        block = list(self._blocks[at])
        insort(block, moment)
        if len(block) < 2 * _BLOCK:
            return self._with(at, (tuple(block),))
        return self._with(at, (tuple(block[:_BLOCK]), tuple(block[_BLOCK:])))

    def _where(self, moment: Moment) -> int:
        """The block that has it, or would."""
        return max(0, bisect_right(self._blocks, moment, key=_first) - 1)

    def _with(self, at: int, blocks: tuple[tuple[Moment, ...], ...]) -> _Blocks:
        return _Blocks(self._blocks[:at] + blocks + self._blocks[at + 1 :])

    @overload
    def __getitem__(self, index: int) -> Moment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Moment, ...]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if index == -1 and self._blocks:
            return self._blocks[-1][-1]
        return tuple(self)[index]

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def __iter__(self) -> Iterator[Moment]:
        return chain.from_iterable(self._blocks)

    def __reversed__(self) -> Iterator[Moment]:
        return chain.from_iterable(map(reversed, reversed(self._blocks)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, _Blocks) else other)

    __hash__ = None  # type: ignore[assignment]  # like a dict

    def __repr__(self) -> str:
        return repr(tuple(self))
