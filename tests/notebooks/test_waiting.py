"""A film or a table of what a prediction asks about waits for the guess, as its cell does."""

import pytest

from tools.reading_site.guesses import secrets

from .checks import read
from .test_structure import NOTEBOOKS


@pytest.mark.parametrize(
    ("cell_id", "waits_for"),
    [
        ("5d0ab6c2", ["00.two_tasks"]),
        ("a9260c7f", ["00.next_turn"]),
        ("3990691b", ["02.when_full"]),
        ("b9d5238a", ["04.who_misses_it", "04.second_price", "04.free_place"]),
        ("06-deadline", ["06.enough"]),
        ("d269e4f4", ["06.slow_loses", "06.shutdown_returns", "06.who_ends", "06.enough"]),
        ("06-who-stops-when", ["06.shutdown_returns", "06.enough"]),
        ("48a585e5", ["07.who_misses"]),
        ("c3fc14d4", ["08.closed_p99", "08.open_p99"]),
    ],
)
def test_what_runs_again_what_was_asked_about_waits_for_the_guess(cell_id, waits_for):
    (path,) = [path for path in NOTEBOOKS if path.stem.startswith(waits_for[0][:2])]
    code = [cell for cell in read(path).content.cells if cell.cell_type == "code"]
    told = {
        cell.id: one.tells
        for cell, one in zip(code, secrets([c.source for c in code]), strict=True)
    }
    assert set(told[cell_id]) == set(waits_for)
