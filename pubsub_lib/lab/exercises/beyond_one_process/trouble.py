"""What befalls a desk or a relay, and how that is told.

>>> Trouble.RAISES.format(3)
'carry_out() of order 3 raises'
"""

from collections.abc import Iterable
from enum import StrEnum


class Trouble(StrEnum):
    """What befalls a desk."""

    KILLED_BEFORE = "killed before order {} is carried out"
    KILLED_AFTER = "killed when order {} is just carried out"
    RAISES = "carry_out() of order {} raises"


def listed(orders: Iterable[int]) -> str:
    """Return these numbers for a sentence."""
    return ", ".join(map(str, orders)) or "none"
