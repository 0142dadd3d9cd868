"""Plausible wrong answers to the exercises of notebook 08, and what the check says to each."""


def the_fullest_bucket(counts, share):
    return max(counts, key=counts.get)


def one_message_too_far(counts, share):
    counted = 0
    for bound, messages in sorted(counts.items()):
        counted += messages
        if counted > share * sum(counts.values()):
            return bound
    return max(counts)


def from_the_slowest_on(counts, share):
    counted = 0
    for bound, messages in sorted(counts.items(), reverse=True):
        counted += messages
        if counted >= share * sum(counts.values()):
            return bound
    raise ValueError


def by_the_share_of_the_largest_bound(counts, share):
    return max(counts) * share


def as_the_buckets_come(counts, share):
    if not sum(counts.values()):
        raise ValueError
    counted = 0
    for bound, messages in counts.items():
        counted += messages
        if counted >= share * sum(counts.values()):
            return bound
    raise ValueError


def the_last_bound_there_is(counts, share):
    bounded = {bound: messages for bound, messages in counts.items() if bound < float("inf")}
    counted = 0
    for bound, messages in sorted(bounded.items()):
        counted += messages
        if counted >= share * sum(counts.values()):
            return bound
    return max(bounded)


def zero_for_nothing(counts, share):
    counted = 0
    for bound, messages in sorted(counts.items()):
        counted += messages
        if messages and counted >= share * sum(counts.values()):
            return bound
    return 0


def repeats_the_latency(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled += [latency] * max(1, latency // every_ms)
    return filled


def adds_one_message(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled.append(latency)
        if latency > every_ms:
            filled.append(latency - every_ms)
    return filled


def stops_at_the_interval(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled.append(latency)
        while latency - every_ms >= every_ms:
            latency -= every_ms
            filled.append(latency)
    return filled


def goes_down_to_zero(latencies_ms, every_ms):
    filled = []
    for latency in latencies_ms:
        filled.append(latency)
        while latency >= every_ms:
            latency -= every_ms
            filled.append(latency)
    return filled


def loses_those_that_took_no_time(latencies_ms, every_ms):
    return [waited for latency in latencies_ms for waited in range(latency, 0, -every_ms)]


def leaves_out_the_recorded(latencies_ms, every_ms):
    return [
        waited for latency in latencies_ms for waited in range(latency - every_ms, 0, -every_ms)
    ]


def fills_the_given_list(latencies_ms, every_ms):
    for latency in latencies_ms:
        if latency > every_ms:
            latencies_ms.append(latency - every_ms)
    return latencies_ms


def prints_them(latencies_ms, every_ms):
    for latency in latencies_ms:
        str(range(latency, 0, -every_ms))


WRONG_ANSWERS = [
    ("08.1", the_fullest_bucket, "count from the fastest on"),
    ("08.1", one_message_too_far, "p99 is 10 ms, not 100"),
    ("08.1", from_the_slowest_on, "p99 is 10 ms, not 1"),
    ("08.1", by_the_share_of_the_largest_bound, "p99 is 10 ms, not 99"),
    ("08.1", as_the_buckets_come, "sort them by their bounds"),
    ("08.1", the_last_bound_there_is, "say infinity"),
    ("08.1", zero_for_nothing, "raise a ValueError"),
    ("08.2", repeats_the_latency, "not [5, 5, 5, 5, 5]"),
    ("08.2", adds_one_message, "not [4, 5]"),
    ("08.2", stops_at_the_interval, "wait for 6 and 2 ms"),
    ("08.2", goes_down_to_zero, "not [0, 1, 2, 3, 4, 5]"),
    ("08.2", loses_those_that_took_no_time, "is a message, too"),
    ("08.2", leaves_out_the_recorded, "not [1, 2, 3, 4]"),
    ("08.2", fills_the_given_list, "return a new list"),
    ("08.2", prints_them, "return a list of latencies"),
]
