"""The bound's sliders: what the notebook says of them is what they show."""

import pytest

from pubsub_lib.lab.playground.bound import open_bound


@pytest.mark.parametrize(
    ("burst", "bound", "held_up", "latest"),
    [
        (50, 48, "0.01 s", "0.49 s"),
        (50, 49, "0 s", "0.49 s"),
        (50, 150, "0 s", "0.49 s"),
        (100, 99, "0 s", "0.99 s"),
    ],
)
def test_a_bound_takes_in_a_burst_but_for_the_first_and_makes_nothing_sooner(
    burst, bound, held_up, latest
):
    shown = open_bound()
    shown.controls["burst"].value = burst
    shown.controls["bound"].value = bound
    assert shown.caption == (
        f"{burst} at once, room for {bound}: each burst holds the publisher up for {held_up}, and "
        f"the latest message is read {latest} after it was due."
    )


def test_with_more_than_the_subscriber_manages_the_latest_is_later_still():
    shown = open_bound()
    shown.controls["burst"].value = 150
    assert "is read 2.99 s after it was due" in shown.caption
