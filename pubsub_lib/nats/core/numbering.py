"""Counts what was lost of each publisher's messages, by the numbers that they carry.

The numbers are trusted as far as the publishers are: whoever may publish to a subject can count on
in another's name. What cannot be true is refused and counted, and what is remembered is bounded.

>>> numbering = Numbering()
>>> [numbering.note(f"0123456789abcdef.{number}", "prices") for number in (7, 8, 11)]
[0, 0, 2]
>>> numbering.note(f"0123456789abcdef.{'9' * 4000}", "prices"), numbering.refused
(0, 1)

Where each message has a subject of its own, each subject is a line of its own: a subscriber gets
only some, and misses nothing of the others.
"""

import re
from collections.abc import Hashable

# How many lines are known in which messages are counted: of a publisher, on a subject; the latest.
KNOWN_LINES = 50_000
# More messages than this are not lost at once: it takes hours to send so many.
MOST_LOST_AT_ONCE = 1_000_000_000
# What a message carries as the subject for replies: its publisher and its number.
A_NUMBER = re.compile(r"([0-9a-f]{16})\.([0-9]{1,18})")


class Numbering:
    """The numbers that are expected next of each publisher, on each subject.

    Attributes:
        refused: how many numbers were not believed.
    """

    def __init__(self) -> None:
        self.refused = 0
        self._latest = 0
        # By a hash, since a subject may be long. The line that was seen last is the last one.
        self._expected: dict[int, int] = {}

    def note(self, number: str, line: Hashable) -> int:
        """Note a number, and return how many messages before it were lost.

        A number is none of ours if it does not look like one; it then says nothing.

        Args:
            number: what the message carries.
            line: in which its publisher has numbered it.
        """
        publisher, _, digits = number.rpartition(".")
        key = hash((publisher, line))
        expected = self._expected.get(key)
        if expected is None:
            self._meet(number, key)
            return 0
        if not (len(digits) <= 18 and digits.isascii() and digits.isdecimal()):
            self.refused += 1
            return 0
        sequence = int(digits)
        lost = sequence - expected
        if not lost and key == self._latest:  # as nearly always
            self._expected[key] = sequence + 1
            return 0
        if lost > MOST_LOST_AT_ONCE:
            self.refused += 1
            return 0
        if key != self._latest:
            del self._expected[key]  # to come last
            self._latest = key
        self._expected[key] = max(sequence + 1, expected)
        return max(lost, 0)

    def __len__(self) -> int:
        """How many lines are known."""
        return len(self._expected)

    def _meet(self, number: str, key: int) -> None:
        match = A_NUMBER.fullmatch(number)
        if match is None:
            return
        if len(self._expected) >= KNOWN_LINES:
            del self._expected[next(iter(self._expected))]  # which was not seen for longest
        self._expected[key] = int(match[2]) + 1
        self._latest = key
