"""A film: of one run or two, in three views, equal for the same run, and honest when one breaks."""

import asyncio
import json
import logging
import re

import pytest

import pubsub_lib.lab
from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.clock.endless_loops import EndlessLoop
from pubsub_lib.lab.clock.virtual_time import Deadlock
from pubsub_lib.lab.promises import BrokenPromise
from pubsub_lib.lab.replay import View, film
from pubsub_lib.lab.replay.events import ChangeKind, State
from pubsub_lib.lab.replay.player import PLAYER_BEGINS, PLAYER_ENDS
from tests.lab.replay.programs import changes, of_kind, one_reader, publish, read


def test_it_can_be_had_from_the_lab_in_one_line():
    assert pubsub_lib.lab.film is film


def test_it_has_what_the_program_returned():
    assert film(one_reader(AsyncPubSub(maxsize=2), ["a", "b"])).results == {"": ["a", "b"]}


def test_a_notebook_shows_html_and_compares_the_caption():
    made = film(one_reader(AsyncPubSub(maxsize=2), ["a"]), title="One message")
    shown = made._repr_mimebundle_()
    assert set(shown) == {"text/html", "text/plain"}
    assert shown["text/plain"] == made.caption == repr(made)
    assert made.caption == "One message, a film of 6 pictures and 0.1 s: 1 message; reader got 1."
    assert made.caption in shown["text/html"]


def test_the_caption_of_a_program_without_messages_names_its_tasks():
    assert film(asyncio.sleep(1), view="loop").caption.endswith(" 1 s: the tasks main.")


def test_the_caption_says_what_was_lost():
    async def main() -> None:
        broker = ChapterPubSub(maxsize=1)
        await broker.subscribe()
        await publish(broker, ["a", "b", "c"], shut_down=False)

    assert film(main()).caption.endswith("3 messages; queue 1 got 0 and lost 2.")


def test_what_was_taken_and_not_finished_is_got_and_not_lost_too():
    async def main() -> None:
        queue = asyncio.Queue()
        reader = asyncio.create_task(read(queue, seconds=2), name="reader")
        for message in ("a", "b"):
            await queue.put(message)
        await asyncio.sleep(3)
        reader.cancel()
        await asyncio.wait([reader])

    assert film(main()).caption.endswith("2 messages; reader got 2, 1 unfinished.")


def test_two_films_of_one_run_are_equal():
    one, other = (film(one_reader(AsyncPubSub(maxsize=2), ["a", "b"])) for _ in range(2))
    assert one.html == other.html


def test_a_film_of_another_run_has_another_id():
    ids = {
        re.search(r'id="(film-\w+)"', film(one_reader(AsyncPubSub(2), ["a"] * count)).html)[1]
        for count in range(1, 4)
    }
    assert len(ids) == 3


def test_unnamed_tasks_are_called_as_their_coroutines_and_never_by_a_number_of_asyncios():
    async def reader() -> None:
        await asyncio.sleep(1)

    async def main() -> None:
        await asyncio.gather(reader(), reader(), asyncio.create_task(reader(), name="third"))

    assert sorted(film(main(), view="loop").recordings[""].tasks) == [
        "main",
        "reader",
        "reader 2",
        "third",
    ]


def test_the_source_is_that_of_the_program_and_each_task_stands_at_a_line_of_it():
    recording = film(one_reader(AsyncPubSub(maxsize=2), ["a"], seconds=0.5)).recordings[""]
    text = [line for _, line in recording.source]
    assert "async def publish(broker, messages, every_s: float = 0.1" in "\n".join(text)
    reader = recording.tasks.index("reader")
    stood = [
        text[line].strip()
        for _, task, line in of_kind(recording, ChangeKind.LINE)
        if task == reader and line >= 0
    ]
    assert "while (message := await queue.get()) is not None:" in stood
    assert "await asyncio.sleep(seconds)" in stood


def test_source_that_is_asked_for_is_shown_first():
    made = film(one_reader(ChapterPubSub(2), ["a"]), source=[ChapterPubSub.publish])
    recording = made.recordings[""]
    assert recording.source[0][1] == "async def publish(self, message: T) -> None:"
    assert recording.source[0][0] > 1


def test_a_queue_that_was_given_a_name_keeps_it_whoever_reads():
    async def main() -> None:
        broker = ChapterPubSub(2)
        queue = await broker.subscribe()
        queue.name = "till"
        await broker.publish("a")
        await queue.get()

    assert [queue.name for queue in film(main()).recordings[""].queues] == ["till"]


def test_a_program_that_breaks_is_filmed_as_far_as_it_comes():
    async def main() -> None:
        broker = AsyncPubSub(maxsize=2)
        await broker.subscribe(name="reader")
        await broker.publish("a")
        await asyncio.sleep(1)
        raise ZeroDivisionError("no divisor")

    made = film(main())
    assert isinstance(made.errors[""], ZeroDivisionError)
    assert made.results == {}
    assert made.recordings[""].error == "ZeroDivisionError: no divisor"
    assert made.recordings[""].count(ChangeKind.ENTER) == 1
    assert made.caption.endswith("it ends with ZeroDivisionError: no divisor.")


async def fail_in_a_group() -> None:
    async def fail() -> None:
        raise KeyError("price")

    async with asyncio.TaskGroup() as group:
        group.create_task(fail())


async def break_a_promise() -> None:
    raise BrokenPromise("who reads gets the end: nothing came; expected was the end")


@pytest.mark.parametrize(
    ("program", "error"),
    [
        (fail_in_a_group, "KeyError: 'price'"),
        (break_a_promise, "who reads gets the end: nothing came; expected was the end"),
    ],
)
def test_of_a_group_its_member_is_told_and_of_a_check_its_sentence(program, error):
    assert film(program()).recordings[""].error == error


def test_a_part_that_is_still_to_be_written_is_not_filmed_but_named():
    async def yours() -> None:
        raise NotImplementedError

    async def in_a_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(yours())

    for program in (yours(), in_a_group()):
        shown = film(program)._repr_mimebundle_()
        assert shown["text/plain"].startswith("There is nothing to film yet")
        assert shown["text/html"] == f"<p>{shown['text/plain']}</p>"
    beside = film({"ours": one_reader(AsyncPubSub(), [1]), "yours": yours()})
    assert beside._repr_mimebundle_()["text/plain"] == beside.caption
    why = "NotImplementedError, in a part that is yours and still to be written"
    assert beside.recordings["yours"].error == why
    assert f"yours: the tasks main; it ends with {why}" in beside.caption


def test_a_program_that_hangs_is_filmed_and_the_film_says_who_waits_for_what():
    async def main() -> None:
        queue = asyncio.Queue(maxsize=1)
        await queue.put(1)
        await queue.put(2)

    made = film(main())
    assert isinstance(made.errors[""], Deadlock)
    assert "main > Queue.put waits for room in a full queue of 1" in made.recordings[""].error


def test_a_program_that_never_waits_is_filmed_until_its_loop_is_ended():
    async def main() -> None:
        queue = asyncio.Queue[int]()
        while queue.empty():
            pass

    made = film(main(), view="loop")
    assert isinstance(made.errors[""], EndlessLoop)
    assert "it ends: a loop that has gone round 1,000,000 times" in made.caption


def test_a_message_that_cannot_be_shown_does_not_stop_the_run():
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("not for you")

    made = film(one_reader(AsyncPubSub(maxsize=2), [Shy()]))
    assert made.errors == {}
    assert made.recordings[""].messages == ["a Shy that cannot be shown"]


def test_several_runs_are_filmed_by_name():
    brokers = {"the chapter's": ChapterPubSub(2), "ours": AsyncPubSub(2)}
    made = film({name: one_reader(broker, ["a"]) for name, broker in brokers.items()})
    assert list(made.recordings) == list(brokers)
    assert made.results["ours"] == ["a"]
    assert "the chapter's: 1 message; reader got 1. ours: 1 message; reader got 1" in made.caption


def test_the_loop_is_filmed_step_by_step():
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(1), name="one")
            group.create_task(asyncio.sleep(2), name="other")

    recording = film(main(), view=View.LOOP).recordings[""]
    states = [
        (recording.tasks[task], state, recording.texts[text] if text >= 0 else "")
        for _, task, state, text, _ in of_kind(recording, ChangeKind.STAND)
    ]
    assert ("main", State.WAITS, "the tasks of its group") in states
    assert ("one", State.READY, "") in states
    assert ("one", State.WAITS, "1.0 s on the clock") in states
    assert ("other", State.DONE, "") in states
    ready = [
        [recording.tasks[task] for task in tasks]
        for _, *tasks in of_kind(recording, ChangeKind.READY)
    ]
    assert ready[0] == ["one", "other"]


def test_what_the_lock_the_event_and_the_other_task_do_is_seen_in_the_loop():
    async def main() -> None:
        lock, event = asyncio.Lock(), asyncio.Event()

        async def hold() -> None:
            async with lock:
                await event.wait()

        async with asyncio.TaskGroup() as group:
            group.create_task(hold(), name="first")
            group.create_task(hold(), name="second")
            await asyncio.sleep(1)
            event.set()

    recording = film(main(), view="loop").recordings[""]
    assert {"an event", "a lock"} <= set(recording.texts)


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
def test_a_task_that_is_cancelled_or_fails_is_shown_as_that(ending):
    async def main() -> None:
        async def work() -> None:
            await asyncio.sleep(1 if ending == "failed" else 10)
            raise ValueError("wrong")

        task = asyncio.create_task(work(), name="worker")
        await asyncio.sleep(2)
        task.cancel()
        await asyncio.wait([task])

    recording = film(main(), view="loop").recordings[""]
    states = [state for _, _, state, *_ in of_kind(recording, ChangeKind.STAND)]
    assert State[ending.upper()] in states


def test_a_task_that_sends_or_reads_is_done_in_the_picture_of_the_time_when_it_ends():
    async def main() -> None:
        queue = asyncio.Queue()

        async def put_late() -> None:
            await queue.put("a")
            await asyncio.sleep(1)

        putting = asyncio.create_task(put_late(), name="putting")
        await asyncio.sleep(3)
        await putting

    recording = film(main()).recordings[""]
    putting = recording.tasks.index("putting")
    assert [
        picture.time_s
        for picture in recording.pictures
        if (ChangeKind.STAND, putting, State.DONE, -1, -1) in picture.changes
    ] == [1.0]


def test_at_a_deadlock_each_task_stands_where_it_waits():
    async def main() -> None:
        queue = asyncio.Queue()
        await queue.put("a")
        await asyncio.sleep(1)
        await queue.join()

    recording = film(main()).recordings[""]
    *_, (_, task, line) = of_kind(recording, ChangeKind.LINE)
    assert recording.tasks[task] == "main"
    assert recording.source[line][1].strip() == "await queue.join()"


def test_a_film_disturbs_no_later_run():
    async def main() -> None:
        await asyncio.Queue().put(1)

    first = film(main())
    asyncio.run(main())
    assert film(main()).data == first.data


def test_filming_changes_nothing_of_a_run(caplog):
    async def main() -> list[float]:
        broker = AsyncPubSub(maxsize=1, timeout=0.05)
        times = []

        async def note(inbox) -> None:
            async for _ in inbox:
                times.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0.07)

        async with asyncio.TaskGroup() as group:
            group.create_task(note(broker.subscribe()))
            await publish(broker, range(20), 0.01)
        return times

    with caplog.at_level(logging.ERROR):
        assert film(main()).results[""] == pubsub_lib.lab.run_virtual(main())
    assert caplog.records == []


@pytest.mark.parametrize("program", [print, 5, {"it": 5}])
def test_what_is_no_coroutine_is_refused(program):
    with pytest.raises(TypeError, match=r"takes a coroutine, as in film\(main\(\)\)"):
        film(program)


def test_no_runs_at_all_are_refused():
    with pytest.raises(ValueError, match="no run to film"):
        film({})


def test_an_unknown_view_is_refused_by_name():
    coroutine = asyncio.sleep(0)
    with pytest.raises(ValueError, match="view is one of messages, loop, ring, not 'films'"):
        film(coroutine, view="films")
    coroutine.close()


# The page.


def test_the_page_asks_for_nothing_elsewhere():
    html = film(one_reader(AsyncPubSub(maxsize=2), ["a"])).html
    assert re.findall(r"https?://[^\"' ]+", html) == ["http://www.w3.org/2000/svg"]
    for word in ("fetch(", "XMLHttpRequest", "import(", "<link", "@import", "url("):
        assert word not in html


def test_nothing_in_a_message_can_end_the_script():
    made = film(one_reader(AsyncPubSub(maxsize=2), ["</script><b>", "<!-- <script>"]), title="</p>")
    data = re.search(r'<script type="application/json">(.*?)</script>', made.html, re.DOTALL)[1]
    assert json.loads(data)["runs"][0]["messages"] == ["'</script><b>'", "'<!-- <script>'"]
    assert "<!--" not in data


def test_the_player_stands_between_its_marks_and_the_film_before_them():
    one = film(one_reader(AsyncPubSub(maxsize=2), ["a"])).html
    film_of_it, _, player = one.partition(PLAYER_BEGINS)
    assert '"pictures"' in film_of_it
    assert player.endswith(PLAYER_ENDS)
    assert len(player.encode()) < 40_000


def test_the_films_data_are_numbers_texts_and_lists():
    made = film(one_reader(AsyncPubSub(maxsize=2), ["a"]))
    data = json.loads(made.data)
    assert data["views"] == ["messages"]
    (run,) = data["runs"]
    pictures = [picture.split(",", 2) for picture in run["pictures"].split("|")]
    assert len(pictures) == len(made.recordings[""].pictures)
    assert run["unit_ns"] * sum(int(later) for later, _, _ in pictures) == 100_000_000
    shown = [change for _, _, changes in pictures for change in changes.split(";")]
    assert shown == [
        kind + ",".join(map(str, numbers)) for kind, *numbers in changes(made.recordings[""])
    ]


# Watched expressions.


async def renew(prices: dict[str, int]) -> None:
    await asyncio.sleep(1)
    held = {"gold": prices["gold"]}
    await asyncio.sleep(1)
    held.clear()
    await asyncio.sleep(1)


def notes_of(watch: list[str]) -> list[tuple[float, str]]:
    (recording,) = film(renew({"gold": 1900}), view="loop", watch=watch).recordings.values()
    return [
        (picture.time_s, recording.texts[change[1]])
        for picture in recording.pictures
        for change in picture.changes
        if change[0] is ChangeKind.NOTE
    ]


def test_what_is_watched_is_told_when_it_changes():
    assert notes_of(["held"]) == [(1.0, "held = {'gold': 1900}"), (2.0, "held = {}")]


def test_several_expressions_are_watched_each_by_itself():
    texts = [text for _, text in notes_of(["prices", "len(held)"])]
    assert texts == ["prices = {'gold': 1900}", "len(held) = 1", "len(held) = 0"]


def test_an_expression_that_fails_says_nothing():
    assert notes_of(["nobody", "prices['tin']"]) == []


def test_what_is_no_expression_is_refused():
    program = asyncio.sleep(0)
    with pytest.raises(SyntaxError):
        film(program, watch=["held ="])
    program.close()


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"watch": "held"}, r"expressions in a list, as in watch=\['held'\]"),
        ({"watch": [5]}, r"written as text, as in watch=\['x'\], not 5"),
        ({"watch": {"held": None}}, r"written as text, as in watch=\['x'\], not None"),
        ({"label": "name"}, "label is a function of a message, as in label=str, not 'name'"),
        ({"label": asyncio.sleep}, "label is a function of a message, as in label=str, not <"),
    ],
)
def test_what_can_be_neither_watched_nor_a_label_is_refused_with_the_remedy(options, remedy):
    program = asyncio.sleep(0)
    with pytest.raises(TypeError, match=remedy):
        film(program, **options)
    program.close()


def test_a_long_value_is_cut():
    ((_, text),) = notes_of(["'x' * 100 * len(prices)"])
    assert text.endswith("x…")
    assert len(text) < 100


def test_what_is_watched_has_a_name_and_its_value_is_there_for_the_picture():
    watch = {"store": "prices['gold']", "cache": "held.get('gold')"}
    (recording,) = film(renew({"gold": 1900}), view="loop", watch=watch).recordings.values()
    assert recording.as_data()["watched"] == ["store", "cache"]
    values = [
        (recording.watched[watched], recording.texts[value])
        for _, _, watched, value in of_kind(recording, ChangeKind.NOTE)
    ]
    assert values == [("store", "1900"), ("cache", "1900"), ("cache", "None")]


def test_what_changes_in_the_last_step_of_a_program_is_seen():
    async def main() -> None:
        prices = {"gold": 1900}
        await asyncio.sleep(1)
        prices["gold"] = 1950

    texts = film(main(), view="loop", watch=["prices"]).recordings[""].texts
    assert "prices = {'gold': 1950}" in texts


# Labels.


async def put_all(*messages: object) -> None:
    queue = asyncio.Queue()
    for message in messages:
        await queue.put(message)


def labels_of(*messages: object) -> list[str]:
    (recording,) = film(put_all(*messages), label=lambda one: one[0]).recordings.values()
    return recording.as_data().get("labels", [])


def test_a_message_has_the_label_that_it_is_given_and_the_end_has_none():
    assert labels_of(("order", 1), ("alarm", 2), None) == ["order", "alarm", ""]


def test_a_label_is_cut_to_the_room_there_is():
    assert labels_of(("subscription", 1)) == ["subscri…"]


def test_a_message_that_the_label_is_not_about_has_its_number():
    assert labels_of(("order", 1), 2) == ["order", ""]


def test_a_film_without_labels_says_nothing_of_them():
    (run,) = json.loads(film(put_all("a")).data)["runs"]
    assert {"labels", "watched"}.isdisjoint(run)
