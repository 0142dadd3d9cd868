"""Subjects and patterns: NATS's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.subjects import Published, subject_filter
from tests.patterns import matches_by_definition, patterns, subjects


def matches(pattern: str, subject: str) -> bool:
    return subject_filter(pattern)(Published(subject, None))


@given(patterns, subjects)
def test_matching_is_what_the_definition_says(pattern, subject):
    expected = matches_by_definition(pattern, subject)
    assert matches(".".join(pattern), ".".join(subject)) == expected


@given(subjects, st.data())
def test_a_subject_matches_each_pattern_made_from_it(subject, data):
    pattern = [data.draw(st.sampled_from([token, "*"])) for token in subject]
    assert matches(".".join(pattern), ".".join(subject))
    kept = data.draw(st.integers(0, len(subject) - 1))
    assert matches(".".join([*pattern[:kept], ">"]), ".".join(subject))


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a.b", ["a.b"], ["a", "a.b.c", "a.c", "A.b", "a-b"]),
        ("a.*", ["a.b", "a.c"], ["a", "a.b.c", "b.a"]),
        ("*.b", ["a.b"], ["b", "a.b.b"]),
        ("a.>", ["a.b", "a.b.c"], ["a", "ab", "ab.c"]),
        ("*.>", ["a.b", "a.b.c"], ["a"]),
        (">", ["a", "a.b"], []),
    ],
)
def test_a_star_is_one_token_and_an_arrow_is_one_or_more(pattern, matching, others):
    assert all(matches(pattern, subject) for subject in matching)
    assert not any(matches(pattern, subject) for subject in others)


@pytest.mark.parametrize(
    ("pattern", "problem", "remedy"),
    [
        ("", "empty token", "put one '.' between tokens"),
        (".", "empty token", "put one '.' between tokens"),
        ("a..b", "empty token", "put one '.' between tokens"),
        (".a", "empty token", "none at the ends"),
        ("a.", "empty token", "none at the ends"),
        ("a b", "whitespace", "separate tokens by '.'"),
        ("a.\n", "whitespace", "separate tokens by '.'"),
        ("a\0", "whitespace", "separate tokens by '.'"),
    ],
)
def test_neither_a_pattern_nor_a_subject_has_empty_tokens_or_whitespace(pattern, problem, remedy):
    for kind, make in (
        ("pattern", subject_filter),
        ("subject", lambda subject: Published(subject, None)),
    ):
        with pytest.raises(ValueError, match=problem) as raised:
            make(pattern)
        assert str(raised.value).startswith(f"the {kind} {pattern!r} has ")
        assert remedy in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("foo*", "put '*' in the place of 'foo*'"),
        ("a.b>", "put '*' in the place of 'b>'"),
        ("a.**.b", r"put '*' in the place of '**'"),
        ("a.>.b", "put it last, or use '*' for one token"),
        (">.>", "put it last, or use '*' for one token"),
    ],
)
def test_a_pattern_that_no_subject_can_match_is_an_error_that_names_the_remedy(pattern, remedy):
    with pytest.raises(ValueError, match="no subject matches") as raised:
        subject_filter(pattern)
    assert str(raised.value).endswith(f"; {remedy}")


@pytest.mark.parametrize("subject", ["*", "a.*", "a.>", "a*", "prices.>b"])
def test_a_subject_with_a_wildcard_cannot_be_published_to(subject):
    with pytest.raises(ValueError, match="publish to a subject without"):
        Published(subject, None)


@pytest.mark.parametrize("value", [None, 7, b"a.b", ["a", "b"]])
def test_a_subject_and_a_pattern_are_strings(value):
    with pytest.raises(TypeError, match="a subject is a string such as"):
        Published(value, None)
    with pytest.raises(TypeError, match="a pattern is a string such as"):
        subject_filter(value)


@pytest.mark.parametrize("message", ["a", None, ("a", 1)])
def test_a_message_without_a_subject_matches_no_pattern(message):
    assert not subject_filter(">")(message)


def test_filters_of_the_same_pattern_are_equal_and_show_it():
    assert subject_filter("a.*") == subject_filter("a.*") != subject_filter("a.b")
    assert repr(subject_filter("a.*")) == "SubjectFilter(pattern='a.*')"
