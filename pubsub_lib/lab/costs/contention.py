"""Says whether other programs kept the processors from a measurement in real time.

What takes long may be slow, or may have waited for its turn. So two things are read before and
after: how much of this machine's processors all programs took, less what this one took itself, and
how long a container was held back by the limit that it was given. That is an average: it does not
see who was in the way for a moment, nor a disk or a network that was busy.

>>> before = MachineUsage(wall_s=0.0, processors_s=0.0, own_s=0.0, held_back_s=0.0)
>>> after = MachineUsage(wall_s=2.0, processors_s=3.9, own_s=0.4, held_back_s=0.0)
>>> contention = Contention(after - before, processors=2)
>>> contention.is_high
True
>>> print(contention)
other programs used 1.8 of this machine's 2 processors
"""

import os
import re
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

try:
    import psutil
except ImportError:  # in WebAssembly, where no other program can be seen
    psutil = None  # type: ignore[assignment]

#: A measurement that had fewer processors than this to itself may have had to share: one for the
#: measurement, and a quarter for what the system and a browser do beside it.
NEEDED_PROCESSORS = 1.25
#: What others may take of a machine's only processor.
SPARE_SHARE = 0.1
#: The share of the time for which a container may be held back.
HELD_BACK_SHARE = 0.01
#: What has passed for a container, by the kernel's documentation of cgroup v2.
_CONTAINER = Path("/sys/fs/cgroup/cpu.stat")


@dataclass(frozen=True, slots=True)
class MachineUsage:
    """Readings of this machine's clocks, or the difference of two, in seconds.

    Attributes:
        wall_s: real time.
        processors_s: what all programs took of all processors, with what the host of a virtual
            machine took for others.
        own_s: what this process, and those that it started, took of that.
        held_back_s: for how long a container was held back by its limit; 0.0 where there is none.
    """

    wall_s: float = 0.0
    processors_s: float = 0.0
    own_s: float = 0.0
    held_back_s: float = 0.0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: Self) -> Self:
        return type(self)(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Contention:
    """How much others kept the processors from this process while something was measured.

    Attributes:
        usage: what was used meanwhile.
        processors: how many the machine has.
    """

    usage: MachineUsage
    processors: int

    @property
    def others(self) -> float:
        """How many processors other programs used, on average."""
        return max(0.0, self.usage.processors_s - self.usage.own_s) / max(self.usage.wall_s, 1e-9)

    @property
    def is_high(self) -> bool:
        """Whether a measurement in real time may have been spoilt."""
        needed = min(NEEDED_PROCESSORS, (1 - SPARE_SHARE) * self.processors)
        return self.processors - self.others < needed or self._was_held_back

    @property
    def _was_held_back(self) -> bool:
        return self.usage.held_back_s > HELD_BACK_SHARE * self.usage.wall_s

    def __str__(self) -> str:
        if self._was_held_back:
            return f"this container was held back by its limit for {self.usage.held_back_s:.2f} s"
        if psutil is None:
            return "how busy this machine is cannot be seen here"
        processors = f"{self.processors} processor{'s' if self.processors > 1 else ''}"
        return f"other programs used {self.others:.1f} of this machine's {processors}"


def usage_now() -> MachineUsage:
    """Read the clocks of this machine, which takes some milliseconds."""
    held_back_s = _held_back_s()
    if psutil is None:
        return MachineUsage(time.perf_counter(), held_back_s=held_back_s)
    times = psutil.cpu_times()._asdict()
    # What guests took is counted among user and nice already.
    unused = ("idle", "iowait", "guest", "guest_nice")
    processors_s = sum(seconds for name, seconds in times.items() if name not in unused)
    return MachineUsage(time.perf_counter(), processors_s, _own_s(), held_back_s)


def contention_of(usage: MachineUsage) -> Contention:
    """Return what a difference of two readings says about this machine."""
    return Contention(usage, os.cpu_count() or 1)


def _own_s() -> float:
    """What this process took, with those that it started, whether they have ended or not."""
    taken_s = sum(os.times()[:4])
    for child in psutil.Process().children(recursive=True):
        try:
            taken_s += sum(child.cpu_times()[:4])
        except psutil.Error:  # it has just ended
            continue
    return taken_s


def _held_back_s() -> float:
    try:
        found = re.search(r"^throttled_usec (\d+)$", _CONTAINER.read_text(), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1e6 if found else 0.0
