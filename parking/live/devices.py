"""The devices that this instance knows, as the registry was at the last change it has read."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from parking.domain.devices import Device
from parking.store.devices import StoredDevice


class Devices:
    """Devices by their EUI."""

    def __init__(self) -> None:
        """Know none yet."""
        self._found: dict[str, Device] = {}
        self._changes: dict[str, int] = {}
        self._ordered: list[str] | None = None  # made when it is asked for

    def take(self, stored: Iterable[StoredDevice]) -> None:
        """Take up what has changed; what was taken before changes nothing."""
        for item in stored:
            if item.number <= self.last_change(item.dev_eui):
                continue
            self._changes[item.dev_eui] = item.number
            self._ordered = None
            if item.device is None:
                self._found.pop(item.dev_eui, None)
            else:
                self._found[item.dev_eui] = item.device

    def find(self, dev_eui: str) -> Device | None:
        """Give a device that is registered."""
        return self._found.get(dev_eui)

    def last_change(self, dev_eui: str) -> int:
        """Give the number of a device's last change, 0 when there never was one."""
        return self._changes.get(dev_eui, 0)

    def after(self, dev_eui: str) -> Iterator[tuple[str, Device]]:
        """Give the devices whose EUI is greater, in its order."""
        if self._ordered is None:
            self._ordered = sorted(self._found)
        for found in self._ordered[bisect_right(self._ordered, dev_eui) :]:
            yield found, self._found[found]
