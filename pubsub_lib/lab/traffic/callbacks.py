"""The workload of the first attempt: a publisher that calls its subscribers, in real time.

`run_workload` needs a broker. `NaivePubSub` has no queue and cannot be shut down: a publish is done
when every callback has returned, and that waiting, in the caller's thread, is what is recorded.

>>> from pubsub_lib.lab.traffic.loads import closed_loop
>>> from pubsub_lib.lab.traffic.readers import slow_reader
>>> recording = run_callbacks(closed_loop(messages=2), [slow_reader(service_time_s=0.01)])
>>> bool((recording.publishes()["duration_s"] >= 0.01).all())
True
"""

import time
from collections.abc import Callable, Iterable

from pubsub_lib.first_attempts.naive import NaivePubSub
from pubsub_lib.lab.traffic.loads import Load, require_load
from pubsub_lib.lab.traffic.readers import Pace, Reader, require_readers
from pubsub_lib.lab.traffic.recordings import Recording


def run_callbacks(load: Load, readers: Iterable[Reader]) -> Recording:
    """Publish the load with `NaivePubSub`, whose readers' callbacks block for their service time.

    Runs in real time, in the calling thread, which is the point of it.

    Raises:
        ValueError: if there are no readers, two have the same name, or one is dead: its callback
            would never return.
        TypeError: if an argument is of the wrong type.
    """
    require_load(load)
    readers = require_readers(readers)
    if any(reader.pace is Pace.DEAD for reader in readers):
        raise ValueError("a callback that never returns would stop the publisher for ever")
    recording = Recording(readers, bound=0)
    publisher = NaivePubSub()
    start = time.perf_counter()

    def elapsed_s() -> float:
        return time.perf_counter() - start

    def callback_of(reader: Reader) -> Callable[[str], None]:
        def callback(message: str) -> None:
            recording.received(int(message), reader.name, elapsed_s())
            if reader.service_time_s:
                time.sleep(reader.service_time_s)

        return callback

    for reader in readers:
        publisher.subscribe(callback_of(reader))
    for number in range(load.messages):
        now_s = elapsed_s()
        intended_s = load.due_s(number, now_s=now_s)
        if intended_s > now_s:
            time.sleep(intended_s - now_s)
        recording.sent(number, intended_s, elapsed_s())
        publisher.publish(str(number))
        recording.published(number, elapsed_s())
    return recording
