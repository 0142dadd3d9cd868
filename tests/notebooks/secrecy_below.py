"""What stands open below a question and tells its answer, found as far as a machine can.

A learner at a question sees the next cells as well, as they are before they are run. What says how
it came out is folded there, or says why and not what.
"""

import re
from collections.abc import Iterator

from pubsub_lib.lab.lesson.answers.kinds import Answer, Choice, Number

from .predictions import Asked, Passage, Window
from .secrecy import has_words, plain, told_by, words_in

#: A whole number below it stands in too many texts to tell anything without its unit.
LEAST_PLAIN_NUMBER = 10
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
UNITS = {"s": "seconds", "ms": "milliseconds", "%": "per cent"}
#: A sentence retells a choice that has most of its own words, and not only one of them.
LEAST_STEM = 4
LEAST_WORDS = 2
TELLING_SHARE = 1 / 2
SENTENCE_END = re.compile(r"(?<=[.!?:;])\s")


def nothing_below_tells_the_answer(window: Window, answer: Answer) -> Iterator[str]:
    for passage in window.below:
        if told := _told_below(passage, window.asked, answer):
            yield (
                f"{window.notebook.named(passage.cell)}: {passage.kind} below the question tells "
                f"the answer of {window.asked.name}, {told!r}; fold it, or say why and not what: "
                f"{passage.text.strip()[:80]!r}"
            )


def _told_below(passage: Passage, asked: Asked, answer: Answer) -> str:
    """What an open passage tells of the answer; nothing if it has to be thought about."""
    text = plain(passage.text)
    if has_words(text, answer.sentence):
        return answer.sentence
    if isinstance(answer, Number):
        question = plain(asked.question)
        told = (one for one in _written_in(text, asked, answer) if not has_words(question, one))
        return next(told, "")
    if told_by(passage, asked, answer, is_near=True):
        return answer.choice
    return next((one for one in SENTENCE_END.split(text) if _retells(one, asked, answer)), "")


def _written_in(text: str, asked: Asked, answer: Number) -> Iterator[str]:
    """The answer's number as it stands in a text: with its unit, or large enough to be no other."""
    name = UNITS.get(asked.unit, asked.unit)
    units = {asked.unit, name, name.removesuffix("s")} - {""}
    for number, written in _numbers_in(text):
        if answer.is_right(number) if answer.varies else number == answer.value:
            yield from (
                f"{written} {unit}" for unit in units if has_words(text, f"{written} {unit}")
            )
            is_small = number.is_integer() and number < LEAST_PLAIN_NUMBER
            if number == answer.value and written[0].isdigit() and not is_small:
                yield written


def _numbers_in(text: str) -> Iterator[tuple[float, str]]:
    """The numbers in a text, in digits and in words, with how they are written."""
    for written in re.findall(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?!\w)", text):
        yield float(written.replace(",", "")), written
    for number, word in enumerate(NUMBER_WORDS):
        if has_words(text, word):
            yield float(number), word


def _retells(sentence: str, asked: Asked, answer: Choice) -> bool:
    """Whether a sentence has most of the words that only the right answer has."""
    others = [one for one in asked.choices if one != answer.choice]
    if all(has_words(sentence, one) for one in others):
        return False  # it asks, as the question does
    known = _stems(" ".join([asked.question, *others]))
    own = _stems(f"{answer.choice} {answer.sentence}") - known
    said = own & _stems(sentence)
    return len(said) >= LEAST_WORDS and len(said) >= TELLING_SHARE * len(own)


def _stems(text: str) -> set[str]:
    """The beginnings of the longer words: "waits" and "waiting" are one."""
    return {word[:5] for word in words_in(text) if len(word) >= LEAST_STEM}
