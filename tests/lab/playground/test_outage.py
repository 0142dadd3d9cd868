"""The model of an outage, and its sliders, without a browser."""

import pytest

from pubsub_lib.lab.playground.outage import BEFORE_S, EVERY_S, Outage
from pubsub_lib.lab.playground.outage_sliders import open_outage

# The model.


@pytest.mark.parametrize("away_s", [1, 10, 60])
@pytest.mark.parametrize("busy", [0.1, 0.5, 0.9])
def test_the_desk_is_up_to_date_when_it_has_made_up_for_the_outage(away_s, busy):
    seen = Outage(away_s, busy).run()
    expected = away_s * busy / (1 - busy)
    # A desk takes whole prices: it is off by no more than what one takes to catch up with another.
    assert seen.caught_up_after_s == pytest.approx(expected, abs=2 * EVERY_S / (1 - busy))


@pytest.mark.parametrize("away_s", [1, 10, 60])
def test_over_core_nats_all_is_missed_that_is_due_meanwhile(away_s):
    seen = Outage(away_s).run()
    assert seen.missed == away_s / EVERY_S
    assert all(not BEFORE_S < at_s < BEFORE_S + away_s for at_s, _ in seen.core)


def test_what_is_kept_arrives_in_full_and_in_its_order():
    seen = Outage(10, 0.5).run()
    published = [at_s - age_s for at_s, age_s in seen.kept]
    assert published == pytest.approx([number * EVERY_S for number in range(len(published))])
    assert len(published) == len(seen.core) + seen.missed


def test_nothing_waits_but_for_the_outage():
    seen = Outage(10, 0.5).run()
    before = [age_s for at_s, age_s in seen.kept if at_s < BEFORE_S]
    assert before == pytest.approx([seen.service_s] * len(before))
    assert seen.kept[-1][1] == pytest.approx(seen.service_s)


# The sliders.


@pytest.mark.parametrize(("label", "value"), [("away", 20), ("busy", 80)])
def test_a_slider_that_is_moved_changes_the_figure_and_its_caption(label, value):
    shown = open_outage()
    picture, caption = shown.picture, shown.caption
    shown.controls[label].value = value
    assert shown.picture != picture
    outage = Outage(shown.controls["away"].value, shown.controls["busy"].value / 100)
    assert shown.caption == outage.findings(outage.run()) != caption


def test_the_longest_outage_of_the_busiest_desk_has_a_bounded_number_of_prices():
    controls = open_outage().controls
    longest, busiest = controls["away"].max, controls["busy"].max / 100
    assert len(Outage(longest, busiest).run().kept) <= 1_500
