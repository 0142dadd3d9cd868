"""Workloads: what a run records of what was sent, waited and was read, to the nanosecond."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, ChapterPubSub, NaivePubSub, PubSubClosed, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.loads import Load, bursts, closed_loop, open_loop
from pubsub_lib.lab.traffic.readers import Reader, dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import Sample, run_workload

BROKERS = [ChapterPubSub, AsyncPubSub, RingPubSub]
every_broker = pytest.mark.parametrize("broker_class", BROKERS, ids=["chapter", "ours", "ring"])


def run(broker, load: Load, *readers: Reader) -> Recording:
    return run_virtual(run_workload(broker, load, readers))


def latencies_s(recording: Recording, subscriber: str) -> list[float]:
    table = recording.deliveries()
    return table.loc[table["subscriber"] == subscriber, "latency_s"].round(9).tolist()


def drops_of(recording: Recording) -> dict[str, tuple[int, int, int]]:
    """Return received, unread and dropped, by subscriber."""
    return {name: counts for name, *counts in recording.drops().itertuples(index=False)}


# What a run records. The expected numbers follow from the schedule alone.


@every_broker
def test_messages_are_sent_when_they_are_due(broker_class):
    recording = run(broker_class(), open_loop(messages=4, rate_hz=8), fast_reader())
    table = recording.publishes()
    assert table["number"].tolist() == [0, 1, 2, 3]
    assert table["intended_s"].tolist() == table["sent_s"].tolist() == [0.0, 0.125, 0.25, 0.375]


@every_broker
def test_a_fast_reader_takes_every_message_at_once(broker_class):
    recording = run(broker_class(), open_loop(messages=4, rate_hz=8), fast_reader())
    assert latencies_s(recording, "fast") == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("broker_class", "sent_s", "expected_s"),
    [
        # From message 1 on, each publish waits 1 s for the dead reader; the others are due then.
        (ChapterPubSub, [0.0, 0.1, 1.1, 2.1], [0.0, 0.0, 0.9, 1.8]),
        (AsyncPubSub, [0.0, 0.1, 1.1, 1.1], [0.0, 0.0, 0.9, 0.8]),  # message 1 alone does
    ],
)
def test_latency_counts_from_when_a_message_was_due_and_not_from_when_it_was_sent(
    broker_class, sent_s, expected_s
):
    load = open_loop(messages=4, rate_hz=10)
    recording = run(broker_class(maxsize=1), load, fast_reader(), dead_reader())
    assert recording.publishes()["sent_s"].round(9).tolist() == sent_s
    assert latencies_s(recording, "fast") == expected_s


@pytest.mark.parametrize(
    ("broker_class", "finished_s"),
    [(ChapterPubSub, [0.0, 1.0, 2.0, 3.0]), (AsyncPubSub, [0.0, 1.0, 1.0, 1.0])],
)
def test_in_a_closed_loop_a_message_is_due_when_the_last_one_was_published(
    broker_class, finished_s
):
    recording = run(broker_class(maxsize=1), closed_loop(messages=4), fast_reader(), dead_reader())
    table = recording.publishes()
    assert table["intended_s"].tolist() == table["sent_s"].tolist() == [0.0, *finished_s[:-1]]
    assert table["finished_s"].tolist() == finished_s
    assert latencies_s(recording, "fast") == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("broker_class", "expected_s"),
    [(ChapterPubSub, [0.0, 1.0, 1.9]), (AsyncPubSub, [0.0, 0.0, 0.9])],
)
def test_a_dead_reader_ahead_of_a_fast_one_delays_it_in_the_chapters_broker_alone(
    broker_class, expected_s
):
    load = open_loop(messages=3, rate_hz=10)
    recording = run(broker_class(maxsize=1), load, dead_reader(), fast_reader())
    assert latencies_s(recording, "fast") == expected_s


def test_a_dead_reader_delays_everybody_in_a_ring_once_and_is_not_waited_for_again():
    load = open_loop(messages=4, rate_hz=10)
    recording = run(RingPubSub(maxsize=1), load, dead_reader(), fast_reader())
    assert recording.publishes()["finished_s"].round(9).tolist() == [0.0, 1.1, 1.1, 1.1]
    assert latencies_s(recording, "fast") == [0.0, 1.0, 0.9, 0.8]
    assert drops_of(recording) == {"dead": [0, 1, 3], "fast": [4, 0, 0]}


def test_a_reader_that_was_overtaken_in_a_ring_goes_on_and_what_it_missed_is_counted():
    broker = RingPubSub[Sample](maxsize=2, timeout=0)
    load = open_loop(messages=10, rate_hz=10)
    recording = run(broker, load, slow_reader(service_time_s=0.26), fast_reader())
    table = recording.deliveries()
    assert table.loc[table["subscriber"] == "slow", "number"].tolist() == [0, 1, 4, 6, 8, 9]
    assert drops_of(recording) == {"slow": [6, 0, 4], "fast": [10, 0, 0]}
    assert broker.stats.dropped == 4


@every_broker
def test_a_burst_waits_in_line(broker_class):
    load = bursts(messages=6, size=3, every_s=1)
    recording = run(broker_class(), load, slow_reader(service_time_s=0.1))
    assert latencies_s(recording, "slow") == [0.0, 0.1, 0.2, 0.0, 0.1, 0.2]


@every_broker
def test_a_slow_reader_with_a_full_inbox_sets_the_pace_of_a_closed_loop(broker_class):
    load = closed_loop(messages=6)
    recording = run(broker_class(maxsize=2), load, slow_reader(service_time_s=0.5))
    # The reader has one message in hand and two in the inbox before a publish has to wait.
    assert recording.publishes()["finished_s"].tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]


@every_broker
def test_the_fill_of_an_inbox_is_noted_after_each_publish_and_each_message_taken(broker_class):
    load = bursts(messages=2, size=2, every_s=1)
    recording = run(broker_class(), load, slow_reader(service_time_s=0.5))
    assert recording.queue_fill().values.tolist() == [
        [0.0, "slow", 1],
        [0.0, "slow", 2],
        [0.0, "slow", 1],
        [0.5, "slow", 0],
    ]


@every_broker
def test_a_sentinel_does_not_count_as_a_message_that_waits(broker_class):
    load = closed_loop(messages=3)
    recording = run(broker_class(), load, slow_reader(service_time_s=0.5), dead_reader())
    table = recording.queue_fill()
    assert table.loc[table["subscriber"] == "slow", "depth"].tolist() == [1, 2, 3, 2, 1, 0]
    assert table["depth"].max() == 3


@every_broker
def test_what_a_dead_reader_leaves_unread_and_what_it_misses_are_counted_apart(broker_class):
    load = open_loop(messages=5, rate_hz=10)
    recording = run(broker_class(maxsize=2), load, fast_reader(), dead_reader())
    assert drops_of(recording) == {"fast": [5, 0, 0], "dead": [0, 2, 3]}


@every_broker
def test_a_dead_reader_whose_inbox_never_fills_misses_nothing(broker_class):
    recording = run(broker_class(maxsize=100), open_loop(messages=5, rate_hz=10), dead_reader())
    assert drops_of(recording) == {"dead": [0, 5, 0]}


@every_broker
def test_a_dead_reader_does_not_keep_the_run_from_ending(broker_class):
    async def main() -> float:
        readers = [dead_reader("first"), dead_reader("second")]
        await run_workload(broker_class(maxsize=1), closed_loop(messages=1), readers)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0.0


@every_broker
def test_a_slow_reader_may_finish_long_after_the_last_publish(broker_class):
    recording = run(broker_class(), closed_loop(messages=30), slow_reader(service_time_s=1))
    assert drops_of(recording) == {"slow": [30, 0, 0]}
    assert recording.deliveries()["received_s"].max() == 29.0


def test_the_bound_is_the_brokers():
    assert run(AsyncPubSub(maxsize=7), closed_loop(messages=1), fast_reader()).bound == 7


def test_a_broker_without_a_bound_has_the_bound_0():
    class Unbounded(ChapterPubSub[Sample]):
        def __init__(self) -> None:
            super().__init__(maxsize=0)
            del self.maxsize

        async def subscribe(self) -> asyncio.Queue[Sample | None]:
            self.queues.append(asyncio.Queue())
            return self.queues[-1]

    assert run(Unbounded(), closed_loop(messages=1), fast_reader()).bound == 0


@every_broker
def test_times_count_from_the_start_of_the_workload(broker_class):
    async def main() -> Recording:
        await asyncio.sleep(1000)
        return await run_workload(broker_class(), open_loop(messages=2, rate_hz=4), [fast_reader()])

    assert run_virtual(main()).publishes()["sent_s"].tolist() == [0.0, 0.25]


def test_progress_is_reported_after_each_publish():
    reports = []
    workload = run_workload(
        AsyncPubSub(),
        open_loop(messages=3, rate_hz=4),
        [fast_reader()],
        progress=lambda: reports.append(asyncio.get_running_loop().time()),
    )
    run_virtual(workload)
    assert reports == [0.0, 0.25, 0.5]


def test_the_readers_tasks_bear_the_readers_names():
    names = set()

    def note() -> None:
        names.update(task.get_name() for task in asyncio.all_tasks())

    readers = [fast_reader("ada"), dead_reader("grace")]
    run_virtual(run_workload(AsyncPubSub(), closed_loop(messages=1), readers, progress=note))
    assert names == {"main", "ada", "grace"}


@given(
    broker_class=st.sampled_from(BROKERS),
    maxsize=st.integers(1, 5),
    load=st.one_of(
        st.builds(open_loop, messages=st.integers(1, 12), rate_hz=st.sampled_from([0.7, 3, 100])),
        st.builds(closed_loop, messages=st.integers(1, 12)),
        st.builds(
            bursts, messages=st.integers(1, 12), size=st.integers(1, 9), every_s=st.just(0.3)
        ),
    ),
    paces=st.lists(st.sampled_from(["fast", "slow", "dead"]), min_size=1, max_size=4),
)
@settings(max_examples=60)
def test_every_message_is_received_or_unread_or_dropped(broker_class, maxsize, load, paces):
    make = {
        "fast": fast_reader,
        "slow": lambda name: slow_reader(name, service_time_s=0.9),
        "dead": dead_reader,
    }
    readers = [make[pace](f"{pace} {number}") for number, pace in enumerate(paces)]
    broker = broker_class(maxsize=maxsize)
    recording = run(broker, load, *readers)
    table = recording.drops()
    assert (table[["received", "unread", "dropped"]] >= 0).all(axis=None)
    assert (table[["received", "unread", "dropped"]].sum(axis="columns") == load.messages).all()
    if broker_class is not ChapterPubSub:  # the others count for themselves
        assert table["dropped"].sum() == broker.stats.dropped
    assert (recording.deliveries()["latency_s"] > -1e-9).all()


# What a workload refuses.


def test_two_readers_of_one_name_are_refused():
    with pytest.raises(ValueError, match="each name only once"):
        run(AsyncPubSub(), closed_loop(messages=1), fast_reader(), fast_reader())


def test_a_workload_without_readers_is_refused():
    with pytest.raises(ValueError, match="at least one reader"):
        run(AsyncPubSub(), closed_loop(messages=1))


def test_a_reader_that_is_only_a_name_is_refused():
    with pytest.raises(TypeError, match=r"^readers are made by fast_reader\(\)"):
        run(AsyncPubSub(), closed_loop(messages=1), "fast")


def test_a_schedule_that_is_only_a_list_is_refused():
    with pytest.raises(TypeError, match=r"^a load is made by open_loop\(\).*not \[0\.0, 0\.1\]$"):
        run(AsyncPubSub(), [0.0, 0.1], fast_reader())


def test_a_publisher_of_callbacks_is_refused_and_sent_to_run_callbacks():
    with pytest.raises(TypeError, match=r"for NaivePubSub there is run_callbacks\(\)$"):
        run(NaivePubSub(), closed_loop(messages=1), fast_reader())


def test_a_broker_that_was_shut_down_is_refused():
    async def main() -> None:
        broker = AsyncPubSub[Sample]()
        await broker.shutdown()
        await run_workload(broker, closed_loop(messages=1), [fast_reader()])

    with pytest.raises(PubSubClosed):
        run_virtual(main())


def test_an_error_of_the_broker_ends_the_run_and_leaves_no_reader_behind():
    class Broken(AsyncPubSub[Sample]):
        async def publish(self, message: Sample) -> None:
            raise OSError("the broker is on fire")

    async def main() -> set[str]:
        with pytest.raises(ExceptionGroup) as raised:
            await run_workload(Broken(), closed_loop(messages=1), [fast_reader(), dead_reader()])
        assert raised.group_contains(OSError, match="on fire")
        return {task.get_name() for task in asyncio.all_tasks()}

    assert run_virtual(main()) == {"main"}
