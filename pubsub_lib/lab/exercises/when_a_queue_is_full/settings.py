"""Exercise 05.1: settings for four kinds of data.

>>> from pubsub_lib import Overflow
>>> from pubsub_lib.lab.exercises import examine
>>> def the_same_for_all(data):
...     return {"maxsize": 1, "timeout": 0, "overflow": Overflow.DROP_OLDEST}
>>> examine("05.1", the_same_for_all).explanation
'orders: 4 bursts of 30, 20 ms for each order: 112 of 120 orders are lost'
"""

from collections.abc import Callable, Mapping
from typing import Any

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.traffic.loads import Load, bursts, closed_loop, open_loop
from pubsub_lib.lab.traffic.readers import Reader, dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import run_workload

type SettingsFor = Callable[[str], Mapping[str, Any]]
MOST_WAITING = 100
SETTINGS = ("maxsize", "timeout", "overflow")
TWENTY_MS = slow_reader(service_time_s=0.02)
FOR_4_S = open_loop(messages=400, rate_hz=100)

hints(
    "05.1",
    "Ask for each kind of data: may the publisher wait? If not, the time-out is 0. Then: which "
    "message is worth least, the newest, the oldest, or none of them?",
    "Prices: the oldest is worth nothing. Which bound keeps what is read younger than 0.05 s, when "
    "new prices push the others on, and when they do not any more?",
    "Orders: within a second the warehouse handles a whole burst, so to wait a little is enough; "
    "and RAISE tells whoever takes in orders. View: the time-out lies between what the slow one "
    "needs and 0.2 s.",
)


@exercise("05.1", "prices are fresh, orders safe, log lines begin at the beginning, the view lives")
def check_settings(settings_for: SettingsFor) -> None:
    """Refuse settings that do not keep what was promised for each kind of data."""
    for check in (_check_prices, _check_orders, _check_log_lines, _check_view):
        check(settings_for)


def _check_prices(settings_for: SettingsFor) -> None:
    recording = _run(settings_for, "prices", FOR_4_S, TWENTY_MS)
    _nobody_waits("prices", recording)
    prices = recording.deliveries()
    oldest_s = prices["latency_s"].max()
    require(
        oldest_s <= 0.05 + 1e-9,
        f"prices: a price is up to {oldest_s:.3g} s old when it is read{_when_oldest(prices)}; "
        "0.05 s is the limit",
    )
    require(
        prices["number"].iloc[-1] == FOR_4_S.messages - 1,
        "prices: the last price, which is the one that stays valid, was never read",
    )


def _when_oldest(prices: Any) -> str:
    oldest = prices.loc[prices["latency_s"].idxmax()]
    if oldest["received_s"] < FOR_4_S.intended_s[-1]:
        return ""
    return ", after the market has closed: no new price pushes it on any more"


def _check_orders(settings_for: SettingsFor) -> None:
    four_bursts = bursts(messages=120, size=30, every_s=1.0)
    lost = int(_run(settings_for, "orders", four_bursts, TWENTY_MS).drops()["dropped"].sum())
    require(
        lost == 0,
        f"orders: 4 bursts of 30, 20 ms for each order: {lost} of 120 orders are lost",
    )
    stopped = closed_loop(messages=MOST_WAITING + 1)
    require(
        bool(_run(settings_for, "orders", stopped, dead_reader(), until_s=10.0).refusals),
        "orders: the warehouse has stopped reading, and after 10 s no publish has raised "
        "PubSubFull: whoever takes in orders is not told",
    )


def _check_log_lines(settings_for: SettingsFor) -> None:
    two_bursts = bursts(messages=400, size=200, every_s=10.0)
    recording = _run(settings_for, "log lines", two_bursts, TWENTY_MS)
    _nobody_waits("log lines", recording)
    require(
        not recording.refusals,
        "log lines: to write one raises PubSubFull, so the program ends because its log is full",
    )
    lines = recording.deliveries()["number"]
    for which, begin in (("first", 0), ("second", 200)):
        read = lines.between(begin, begin + 49).sum()
        require(
            read == 50,
            f"log lines: of the first 50 lines of the {which} burst of 200, which say how it "
            f"began, {read} are read",
        )


def _check_view(settings_for: SettingsFor) -> None:
    recording = _run(settings_for, "live view", FOR_4_S, fast_reader(), TWENTY_MS, dead_reader())
    require(
        "dead" in recording.disconnections,
        "live view: a client hangs, and stays connected for ever",
    )
    require(
        "slow" not in recording.disconnections,
        "live view: a client that takes 20 ms for a message is disconnected; it is only slow",
    )
    longest_s = recording.publishes()["duration_s"].max()
    require(
        longest_s <= 0.2 + 1e-9,
        f"live view: a publish takes {longest_s:.3g} s; 0.2 s is the limit",
    )


def _run(
    settings_for: SettingsFor,
    data: str,
    load: Load,
    *readers: Reader,
    until_s: float | None = None,
) -> Recording:
    try:
        settings = settings_for(data)
    except KeyError:
        require(False, f"{data}: settings_for({data!r}) finds no settings, and raises KeyError")
    require(
        isinstance(settings, Mapping),
        f"{data}: return a dictionary, such as {{'maxsize': 10}}, not {settings!r}",
    )
    unknown = ", ".join(repr(name) for name in settings if name not in SETTINGS)
    require(not unknown, f"{data}: {unknown} is no setting; there are {', '.join(SETTINGS)}")
    broker = AsyncPubSub[Any](**settings)
    require(
        broker.maxsize <= MOST_WAITING,
        f"{data}: an inbox of {broker.maxsize} is too large; there is memory for {MOST_WAITING}",
    )
    if broker.timeout is None:
        until_s = until_s or 60.0  # or a dead reader would be waited for for ever
    return run_virtual(run_workload(broker, load, readers, until_s=until_s))


def _nobody_waits(data: str, recording: Recording) -> None:
    longest_s = recording.publishes()["duration_s"].max()
    require(
        longest_s == 0,
        f"{data}: a publish takes up to {longest_s:.3g} s; this publisher cannot wait",
    )
