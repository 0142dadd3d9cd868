"""Subjects and patterns for tests: random ones, and what it means that they match."""

from hypothesis import strategies as st


def matches_by_definition(pattern: list[str], subject: list[str]) -> bool:
    """Say so as the rules of NATS do: token by token."""
    if not pattern or not subject:
        return not pattern and not subject
    if pattern[0] == ">":
        return len(pattern) == 1
    return pattern[0] in ("*", subject[0]) and matches_by_definition(pattern[1:], subject[1:])


# A small alphabet, so that patterns and subjects meet; with what regular expressions treat apart.
words = st.text("ab+$\\[|", min_size=1, max_size=2)
subjects = st.lists(words, min_size=1, max_size=4)
patterns = st.builds(
    lambda tokens, rest: tokens + rest,
    st.lists(words | st.just("*"), min_size=1, max_size=4),
    st.sampled_from([[], [">"]]),
) | st.just([">"])
