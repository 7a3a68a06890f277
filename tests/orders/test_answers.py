"""Words on a command line become the answers of a question."""

from __future__ import annotations

import pytest

from cc_desktop.fleet.requests import Choice, QuestionPart
from cc_desktop.orders.answers import AnswerError, answers_to

EXACT = QuestionPart(
    "e", "Which?", choices=(Choice("a b", value="a  b"), Choice("c", value="c\u200b"), Choice("c"))
)
CHOICES = (Choice("Blue"), Choice("Dark red"), Choice("2"))
ONE = QuestionPart("c", "Colour?", choices=CHOICES, takes_text=False)
SEVERAL = QuestionPart("c", "Colours?", choices=CHOICES, is_several=True, takes_text=False)
OWN = QuestionPart("t", "Name?", choices=(Choice("Ada"),))
SECRET = QuestionPart("s", "Password?", is_secret=True)


@pytest.mark.parametrize(
    ("part", "words", "answer"),
    [
        (ONE, ["Blue"], ("Blue",)),
        (ONE, ["blue"], ("Blue",)),
        (ONE, ["1"], ("Blue",)),
        (ONE, ["2"], ("2",)),  # a label comes before a number
        (ONE, ["3"], ("2",)),
        (ONE, ["Dark", "red"], ("Dark red",)),
        (SEVERAL, ["Blue", "3"], ("Blue", "2")),
        (SEVERAL, ["1,Dark red"], ("Blue", "Dark red")),
        (SEVERAL, ["1", "blue"], ("Blue",)),
        (OWN, ["1"], ("Ada",)),
        (OWN, ["Grace", "Hopper"], ("Grace Hopper",)),
        (OWN, ["7"], ("7",)),
    ],
)
def test_a_question_of_one_part_takes_all_words(
    part: QuestionPart, words: list[str], answer: tuple[str, ...]
) -> None:
    assert answers_to([part], words, {}) == {part.id: answer}


def test_each_part_takes_a_word_and_secret_ones_take_none() -> None:
    answers = answers_to([ONE, SECRET, OWN], ["1", "Grace"], {"s": "hunter2"})
    assert answers == {"c": ("Blue",), "s": ("hunter2",), "t": ("Grace",)}


def test_a_question_of_secrets_alone_takes_no_word() -> None:
    assert answers_to([SECRET], [], {"s": "hunter2"}) == {"s": ("hunter2",)}


@pytest.mark.parametrize(
    ("parts", "words", "part"),
    [
        ([ONE], ["Green"], ONE),
        ([ONE], ["4"], ONE),
        ([ONE], ["0"], ONE),
        ([ONE], [], ONE),
        ([ONE, OWN], ["1"], OWN),
        ([ONE, OWN], ["1", " "], OWN),
        ([SEVERAL, OWN], ["1,9", "x"], SEVERAL),
        ([ONE, OWN], ["1", "x", "y"], None),
        ([SECRET], ["hunter2"], None),
        ([ONE, SECRET], ["1"], SECRET),
        ([ONE], ["9" * 5_000], ONE),
    ],
)
def test_what_does_not_fit_is_named(
    parts: list[QuestionPart], words: list[str], part: QuestionPart | None
) -> None:
    secrets = {} if part is SECRET else {"s": "hunter2"}
    with pytest.raises(AnswerError) as raised:
        answers_to(parts, words, secrets)
    assert raised.value.part is part


@pytest.mark.parametrize(
    ("word", "answer"),
    [("a b", "a  b"), ("A B", "a  b"), ("1", "a  b"), ("2", "c\u200b"), ("3", "c")],
)
def test_the_gateway_hears_its_own_label_not_the_one_that_is_shown(word: str, answer: str) -> None:
    assert answers_to((EXACT,), (word,), {}) == {"e": (answer,)}
