"""Programs that nobody wrote for a film: it says what is wrong, or shows them as far as they go."""

import asyncio
import json
import math
import sys
import warnings

import pytest

from pubsub_lib.lab.replay import FilmTooLong, film, filming


async def put_and_read(*messages: object, name: str = "reader") -> None:
    queue = asyncio.Queue[object]()
    reader = asyncio.create_task(read(queue, len(messages)), name=name)
    for message in messages:
        await queue.put(message)
    await reader


async def read(queue: asyncio.Queue, messages: int) -> None:
    for _ in range(messages):
        await queue.get()


def data_of(made) -> dict:
    (run,) = json.loads(made.html.encode().split(b'json">')[1].split(b"</script>")[0])["runs"]
    return run


# What is refused.


@pytest.mark.parametrize(
    ("options", "error", "remedy"),
    [
        ({"view": None}, TypeError, "messages, loop, ring, or several in a list, not None"),
        ({"view": []}, ValueError, "view is one of messages, loop, ring"),
        ({"source": put_and_read}, TypeError, r"in a list, as in source=\[put_and_read\]"),
        ({"source": "read"}, TypeError, "functions or classes in a list"),
        ({"max_seconds": "3"}, TypeError, "max_seconds is a number of seconds, not '3'"),
        ({"max_steps": 0}, ValueError, "max_steps must be a positive number of steps"),
        ({"watch": ["held ="]}, SyntaxError, r"watch takes expressions.*'held =' is none"),
        ({"watch": None}, TypeError, "expressions in a list"),
        ({"label": "name"}, TypeError, "label is a function"),
    ],
)
def test_what_is_refused_names_the_remedy_and_leaves_no_coroutine_unawaited(options, error, remedy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=remedy):
            film({"one": put_and_read(), "two": put_and_read()}, **options)


def test_several_without_a_name_are_refused_and_none_is_left_unawaited():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match="several by name"):
            film([put_and_read("a"), put_and_read("b")])


def test_a_coroutine_that_has_run_is_refused_and_so_is_one_that_is_given_twice():
    program = put_and_read("a")
    film(program)
    with pytest.raises(ValueError, match=r"runs once.*call main\(\) anew"):
        film(program)
    another = put_and_read("a")
    with pytest.raises(ValueError, match="runs once"):
        film({"one": another, "two": another})


def test_a_view_that_is_named_twice_is_shown_once():
    assert film(put_and_read("a"), view=["loop", "loop"]).views == ("loop",)


# Programs that do not end, or not as others do.


async def stop() -> None:
    await put_and_read("a")
    sys.exit("enough")


async def cancel_itself() -> None:
    await put_and_read("a")
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("program", "error"), [(stop, "SystemExit: enough"), (cancel_itself, "CancelledError")]
)
def test_a_program_that_stops_or_cancels_itself_is_filmed_as_far_as_it_comes(program, error):
    made = film(program())
    assert made.recordings[""].error == error
    assert made.caption.endswith(f"reader got 1; it ends with {error}.")


def test_who_presses_the_key_that_interrupts_gets_no_film():
    async def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        film(main())


async def go_round_for_ever() -> None:
    while True:  # noqa: ASYNC110 - the fault that is filmed
        await asyncio.sleep(0)


def test_a_program_without_end_is_filmed_to_its_limit_and_the_film_says_how_to_move_that():
    made = film(go_round_for_ever(), max_steps=100)
    assert "; it ends: at 0.0 s the run has not ended and 100 steps were taken." in made.caption
    assert "give it more: max_steps=..., max_seconds=..." in made.caption
    assert "run_virtual" not in made.recordings[""].error


def test_more_pictures_than_a_notebook_can_carry_are_refused_before_they_are_taken(monkeypatch):
    async def two() -> None:
        await asyncio.gather(go_round_for_ever(), go_round_for_ever())

    monkeypatch.setattr(filming, "MOST_PICTURES", 200)
    with pytest.raises(FilmTooLong, match=r"at most 200 pictures.*film\(\.\.\., max_seconds"):
        film(two(), view="loop")


def test_a_program_that_uses_no_queue_is_told_where_it_can_be_seen():
    made = film(asyncio.sleep(1), title="A nap")
    assert made.caption == (
        "A nap, a film without a picture: the tasks main; no asyncio.Queue and no subscription "
        'is used; view="loop" shows who runs and who waits.'
    )
    assert film(asyncio.sleep(1), view="loop").caption.startswith("A film of ")


def test_of_one_picture_the_caption_does_not_say_pictures():
    async def main() -> None:
        raise KeyError("price")

    assert film(main()).caption.startswith("A film of 1 picture and 0 s:")


# What things say of themselves.


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not for you")


def test_an_error_that_cannot_be_shown_is_named():
    async def main() -> None:
        raise Mute

    assert film(main()).recordings[""].error == "Mute: a Mute that cannot be shown"


def test_a_long_error_and_a_long_name_are_cut():
    async def main() -> None:
        await put_and_read("a", name="reader " * 100)
        raise ValueError("price " * 1000)

    made = film(main())
    assert len(made.recordings[""].error) == 400
    assert len(made.recordings[""].queues[0].name) == 40


class Stops:
    def __repr__(self) -> str:
        sys.exit("not for you")


def test_nothing_that_is_asked_how_it_is_shown_can_stop_the_run():
    made = film(put_and_read(Stops()), label=sys.exit, watch=["exit()"])
    assert made.errors == {}
    assert made.recordings[""].messages == ["a Stops that cannot be shown"]


def test_half_a_letter_as_in_the_name_of_a_file_is_shown_escaped():
    half = "\udcff"
    made = film(put_and_read("a", name=half), title=half, label=lambda _: half)
    assert data_of(made)["labels"] == [half]
    assert made.caption.encode() == made.caption.encode("ascii")


@pytest.mark.parametrize("bound", [-1, math.inf])
def test_a_queue_whose_bound_is_none_has_none(bound):
    async def main() -> None:
        await asyncio.Queue(bound).put("a")

    assert data_of(film(main()))["queues"][0][1] == 0


class Odd(asyncio.Queue):
    name = 5


class Nameless(asyncio.Queue):
    @property
    def name(self) -> str:
        raise RuntimeError("not for you")


@pytest.mark.parametrize(("kind", "name"), [(Odd, "5"), (Nameless, "queue 1")])
def test_a_queue_whose_name_is_no_text_has_one_all_the_same(kind, name):
    async def main() -> None:
        await kind().put("a")

    assert data_of(film(main()))["queues"][0][0] == name


def test_what_is_watched_and_never_has_a_value_is_told_with_the_reason():
    async def main() -> None:
        held = {"gold": 1900}
        await asyncio.sleep(len(held))

    made = film(main(), view="loop", watch={"prices": "hold", "cache": "held"})
    assert "; prices is never known: NameError: name 'hold' is not defined" in made.caption
    assert "cache is never known" not in made.caption


def test_a_queue_that_several_read_is_called_by_all_of_them_and_not_by_the_first_alone():
    async def main() -> None:
        queue = asyncio.Queue[str]()
        await queue.put("a")
        await queue.put("b")
        for name in ("early", "late"):
            await asyncio.create_task(read(queue, 1), name=name)

    assert film(main()).caption.endswith("early/late got 2.")
