"""From the words on a command line to the answers of a question. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cc_desktop.fleet.requests import QuestionPart


class AnswerError(Exception):
    """The words do not answer the question.

    Attributes:
        part: The one that has no answer; None: all have one, and words are left.
    """

    def __init__(self, part: QuestionPart | None) -> None:
        super().__init__(part.id if part else "")
        self.part = part


def answers_to(
    parts: Sequence[QuestionPart], words: Sequence[str], secrets: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Give each part its answer.

    One word a part, in their order; secret parts are left out of the words. All words belong to a
    question of one part: as its choices, or together as one text.

    Args:
        parts: Of the question.
        words: As given on the command line.
        secrets: Answers to the secret parts, by id.

    Raises:
        AnswerError: a part has no answer, or one that is no choice of it; or words are left.
    """
    open_parts = [part for part in parts if not part.is_secret]
    answers: dict[str, tuple[str, ...]] = {
        part.id: (secrets[part.id],) for part in parts if secrets.get(part.id)
    }
    if len(open_parts) == 1 and words:
        answers[open_parts[0].id] = _all_of(open_parts[0], words)
    elif len(words) > len(open_parts):
        raise AnswerError(None)
    else:
        for part, word in zip(open_parts, words, strict=False):
            answers[part.id] = _one_of(part, word)
    missing = [part for part in parts if part.id not in answers]
    if missing:
        raise AnswerError(missing[0])
    return answers


def _all_of(part: QuestionPart, words: Sequence[str]) -> tuple[str, ...]:
    whole = _choice(part, " ".join(words))
    if whole is not None:
        return (whole,)
    if part.is_several:
        chosen = [one for word in words for one in _one_of(part, word)]
        return tuple(dict.fromkeys(chosen))
    return _one_of(part, " ".join(words))


def _one_of(part: QuestionPart, word: str) -> tuple[str, ...]:
    """The answer in one word: a choice by label or number, several with commas, or own words."""
    choice = _choice(part, word)
    if choice is not None:
        return (choice,)
    if part.is_several and "," in word:
        chosen = [_choice(part, one.strip()) for one in word.split(",")]
        known = [one for one in chosen if one is not None]
        if len(known) == len(chosen):
            return tuple(dict.fromkeys(known))
    if (part.takes_text or not part.choices) and word.strip():
        return (word,)
    raise AnswerError(part)


def _choice(part: QuestionPart, word: str) -> str | None:
    """What to answer for a word: a label, or a number where several have the same label."""
    folded = word.strip().casefold()
    exact = [choice for choice in part.choices if choice.label == word]
    found = exact or [one for one in part.choices if one.label.casefold() == folded]
    if found:
        return found[0].answer if len({one.answer for one in found}) == 1 else None
    if word.isascii() and word.isdigit() and 1 <= int(word[:6]) <= len(part.choices):
        return part.choices[int(word[:6]) - 1].answer
    return None
