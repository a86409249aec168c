"""Whether a device's clock can be right: times that cannot be are replaced by the time of reception.

Three signs of a wrong clock. What claims to come from after its reception; what claims to be older than anything a
device keeps; what claims to be older than an earlier message (a lower number) of the same source, for a source counts
in the order things happen. A clock that is wrong by less than the tolerance, or that ran ahead while its messages were
held up for longer than that, shows none of them.
"""

import numpy as np

TOLERANCE_US = 5_000_000
"""Clocks set by satellites or a mobile network are good to a second, left alone they drift some a day [A]."""
OLDEST_US = 7 * 86_400_000_000
"""No buffer is carried around for longer than a week [A]."""


class EventClocks:
    """Judges the times of messages, one at a time; remembers one number and one time a source."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[int, int]] = {}

    def judge(self, source: str, number: int, claimed_us: int, received_us: int) -> tuple[int, str]:
        """The time to go by, never after reception; and what is wrong with the claimed one, "" if nothing."""
        newest = self._newest.get(source)
        in_line = newest is None or number > newest[0]
        used_us, fault = min(claimed_us, received_us), ""
        if claimed_us > received_us + TOLERANCE_US:
            fault = f"clock: claimed {_span(claimed_us - received_us)} ahead"
        elif claimed_us < received_us - OLDEST_US:
            fault = f"clock: claimed {_span(received_us - claimed_us)} ago"
        elif newest is not None and in_line and claimed_us < newest[1] - TOLERANCE_US:
            fault = f"clock: claimed {_span(newest[1] - claimed_us)} before the message before it"
        if fault:
            used_us = received_us
        if in_line:
            self._newest[source] = number, used_us
        return used_us, fault


class SampleClocks:
    """Judges the times of samples, arrays at a time; remembers one number and one time a device row."""

    def __init__(self) -> None:
        self.newest = np.zeros(0, np.int64)  # highest sample number, by device row; -1: none yet
        self._floor_us = np.zeros(0, np.int64)  # the time it was taken to have

    def grow(self, devices: int) -> None:
        """Make room for device rows up to a number."""
        more = devices - len(self.newest)
        if more > 0:
            self.newest = np.append(self.newest, np.full(more, -1))
            self._floor_us = np.append(self._floor_us, np.zeros(more, np.int64))

    def judge(
        self, device: np.ndarray, sample: np.ndarray, recorded_us: np.ndarray, received_us: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By sample: the time to go by, whether the claimed one cannot be right, and the highest number of its device
        up to here. Rows are by device, each device's in order of reception.
        """
        if self._calm(device, sample, recorded_us, received_us):
            return recorded_us, np.zeros(len(device), bool), sample
        number = (device << 40) + sample
        highest = np.maximum(np.maximum.accumulate(number), (device << 40) + self.newest[device])
        used_us = np.minimum(recorded_us, received_us)
        fault = (recorded_us > received_us + TOLERANCE_US) | (recorded_us < received_us - OLDEST_US)
        used_us[fault] = received_us[fault]
        end = np.append(device[1:] != device[:-1], True)
        before = np.where(np.append(True, end[:-1]), (device << 40) + self.newest[device], np.append(-1, highest[:-1]))
        line = np.flatnonzero(number > before)  # the others are late: they continue nothing
        self._step_back(device[line], recorded_us[line], received_us[line], used_us, fault, line)
        self.newest[device[end]] = (highest - (device << 40))[end]
        highest -= device << 40
        return used_us, fault, highest

    def _calm(self, device: np.ndarray, sample: np.ndarray, recorded_us: np.ndarray, received_us: np.ndarray) -> bool:
        """Whether every sample goes on where its device's last one ended, at a time that can be right; notes them."""
        new = np.ones(len(device), bool)
        np.not_equal(device[1:], device[:-1], out=new[1:])
        first = new.nonzero()[0]
        who, end = device[first], first - 1  # the last row of the device before; of the very last one: -1
        right = (recorded_us <= received_us) & (recorded_us >= received_us - OLDEST_US)
        right[1:] &= new[1:] | ((sample[1:] > sample[:-1]) & (recorded_us[1:] >= recorded_us[:-1] - TOLERANCE_US))
        right[first] &= (sample[first] > self.newest[who]) & (recorded_us[first] >= self._floor_us[who] - TOLERANCE_US)
        if not right.all():
            return False
        self.newest[device[end]], self._floor_us[device[end]] = sample[end], recorded_us[end]
        return True

    def _step_back(
        self, device: np.ndarray, recorded_us: np.ndarray, received_us: np.ndarray, used_us: np.ndarray,
        fault: np.ndarray, line: np.ndarray,
    ) -> None:  # fmt: skip
        """Find samples that claim to be older than the one before; a replaced time is what the next is held against."""
        if not len(line):
            return
        used = used_us[line]
        first = np.append(True, device[1:] != device[:-1])
        floor_us = np.where(first, self._floor_us[device], np.append(0, used[:-1]))
        suspect = recorded_us < floor_us - TOLERANCE_US
        if suspect.any():
            for name in np.unique(device[suspect]).tolist():
                floor = int(self._floor_us[name])
                for i in np.flatnonzero(device == name).tolist():
                    if not fault[line[i]] and recorded_us[i] < floor - TOLERANCE_US:
                        fault[line[i]], used[i] = True, received_us[i]
                    floor = int(used[i])
            used_us[line] = used
        last = np.append(device[1:] != device[:-1], True)
        self._floor_us[device[last]] = used[last]


def _span(us: int) -> str:
    days, seconds = divmod(us // 1_000_000, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{days} days {clock}" if days else clock
