"""Which lot and zone of ours a system means by its own ids."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    """A lot of ours, the zone of its whole number, and the zones of named parts of it."""

    lot: str
    zone: str | None = None
    zones: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """The sites that are known by their ids there; None: their ids are those of our lots.

    `is_lot` tells which lots there are, where an id that is none must not be repeated to anybody.
    """

    sites: Mapping[str, Site] | None = None
    is_lot: Callable[[str], bool] | None = None

    def find(self, site: str) -> Site | None:
        """Give what is meant by an id; None when it is not known."""
        if self.sites is not None:
            return self.sites.get(site)
        return Site(site) if self.is_lot is None or self.is_lot(site) else None


IDENTICAL = Places()
