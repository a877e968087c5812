"""Which lot and zone of ours a system means by its own ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    """A lot of ours, the zone of its whole number, and the zones of named parts of it."""

    lot: str
    zone: str | None = None
    zones: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """The sites that are known by their ids there; None: their ids are those of our lots."""

    sites: Mapping[str, Site] | None = None

    def find(self, site: str) -> Site | None:
        """Give what is meant by an id; None when it is not known."""
        return Site(site) if self.sites is None else self.sites.get(site)


IDENTICAL = Places()
