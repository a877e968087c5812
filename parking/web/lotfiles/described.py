"""Lots as a file describes them, checked by the models that check a PUT.

The rule that must hold: what passes here is what `PUT /v1/lots/{lot}` and `PUT …/spaces` take, and
what does not is a fault at the value that is wrong. How a file writes a lot is its format's affair,
which gives a `Draft`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from parking.domain.geo import Crs
from parking.domain.lots import Counting
from parking.web.calls import pointer
from parking.web.lotfiles.nodes import Loc, Node
from parking.web.lotfiles.source import FileFault, Source
from parking.web.models import LotDescription, SpaceList, is_id

M = TypeVar("M", bound=BaseModel)
_SHORT = 80
_HOURS_PLACE = re.compile(r"--> \d+:(\d+)")


class Draft(NamedTuple):
    """A lot as it was read, not yet checked."""

    id: object
    """A string, unless the file is wrong."""
    at: int
    """Where its id stands, or should."""
    node: Node
    """The description, with `spaces` as a member where lists of spaces are given."""
    where: Callable[[Loc], str]
    """Names what stands at a way into the description, in the file's own terms."""


def pointing(under: Loc) -> Callable[[Loc], str]:
    """Name things by JSON pointers, the lot standing at the way `under`."""
    return lambda loc: pointer((*under, *loc))


@dataclass(frozen=True, slots=True)
class LotFile:
    """What a file says, or all that is wrong with it; positions are in `crs`."""

    crs: Crs
    descriptions: dict[str, LotDescription] = field(default_factory=dict)
    spaces: dict[tuple[str, str], SpaceList] = field(default_factory=dict)
    """By lot and zone."""
    faults: list[FileFault] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each lot's id."""


class Checker:
    """Takes drafts, in the file's order."""

    def __init__(self, source: Source, crs: Crs, operator: str | None) -> None:
        """Say for which operator the lots must be; None for whichever they name."""
        self._source = source
        self._operator = operator
        self._file = LotFile(crs)
        self._ids: dict[str, int] = {}

    def finish(self) -> LotFile:
        """Give the lots, or the faults of the whole file."""
        if not (self._ids or self._source.faults):
            self._source.fault(0, "", "there are no lots in this file")
        faults = self._source.faults
        return LotFile(self._file.crs, faults=faults) if faults else self._file

    def take(self, draft: Draft) -> None:
        """Check one lot."""
        lot_id = self._checked_id(draft)
        if not isinstance(draft.node.value, dict):
            self._source.fault(draft.node.at, draft.where(()), "a lot's description is an object")
            return
        value = {name: part for name, part in draft.node.value.items() if name != "spaces"}
        if self._operator is not None:
            self._check_operator(draft, value.setdefault("operator", self._operator))
        for name in ("zones", "entrances"):
            self._check_ids(draft, [(name,)], name)
        description = self._validated(draft, LotDescription, value)
        lists = self._check_spaces(draft)
        if description is not None:
            self._file.descriptions[lot_id] = description
            self._file.spaces.update({(lot_id, zone): spaces for zone, spaces in lists.items()})
            self._file.places[lot_id] = self._source.place(draft.at)

    def _checked_id(self, draft: Draft) -> str:
        lot_id = draft.id
        if not isinstance(lot_id, str):
            self._source.fault(draft.at, draft.where(("id",)), "every lot has an id, a string")
            return ""
        if not is_id(lot_id):
            message = f"an id is 1-64 of A-Z a-z 0-9 . _ -: {lot_id[:_SHORT]!r}"
            self._source.fault(draft.at, draft.where(("id",)), message)
        elif lot_id in self._ids:
            other = self._source.named(self._ids[lot_id])
            self._source.fault(draft.at, "", f'lot "{lot_id}" is described twice, see {other}')
        self._ids.setdefault(lot_id, draft.at)
        return lot_id

    def _check_operator(self, draft: Draft, named: object) -> None:
        if named != self._operator and isinstance(named, str):
            loc: Loc = ("operator",)
            message = f'the import is for the operator "{self._operator}", not "{named}"'
            self._source.fault(draft.node.offset(loc), draft.where(loc), message)

    def _check_ids(self, draft: Draft, locs: list[Loc], what: str) -> None:
        """See to it that an id stands only once in the lists at `locs` together."""
        seen: dict[str, int] = {}
        for loc in locs:
            listed = draft.node.find(loc)
            for index, item in enumerate(listed.items if listed is not None else ()):
                id_ = item.child("id")
                if id_ is None or not isinstance(id_.value, str):
                    continue
                if id_.value in seen:
                    other = self._source.named(seen[id_.value])
                    message = f'"{id_.value}" stands twice in {what}, see {other}'
                    self._source.fault(id_.at, draft.where((*loc, index, "id")), message)
                seen.setdefault(id_.value, id_.at)

    def _validated(
        self, draft: Draft, shape: type[M], value: object, zone: str | None = None
    ) -> M | None:
        """Check against a model: the description, or the list of spaces of a zone."""
        try:
            return shape.model_validate(value)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
        for fault in faults:
            kind, message = fault["type"], fault["msg"]
            if kind == "value_error" and message.endswith("must have different ids"):
                continue  # `_check_ids` has told which, and where
            loc: Loc = fault["loc"] if zone is None else ("spaces", zone, *fault["loc"][1:])
            at = draft.node.offset(loc)
            if loc[-1:] == ("[key]",):  # a member's name is wrong, not its value
                loc = loc[:-1]
                at = draft.node.key_at(loc)
            elif kind == "extra_forbidden":
                at, message = draft.node.key_at(loc), "there is no such field"
            else:
                message = _worded(message, draft.node.find(loc))
            self._source.fault(at, draft.where(loc), message)
        return None

    def _check_spaces(self, draft: Draft) -> dict[str, SpaceList]:
        node = draft.node.child("spaces")
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            message = 'lists by zone are expected: {"<zone>": [{"id": "<space>"}]}'
            self._source.fault(node.at, draft.where(("spaces",)), message)
            return {}
        self._check_ids(draft, [("spaces", zone) for zone in node.members], "the lot's spaces")
        lists = {}
        for zone, listed in node.members.items():
            spaces = self._validated(draft, SpaceList, {"spaces": listed.value}, zone)
            self._check_zone(draft, zone, listed)
            if spaces is not None:
                lists[zone] = spaces
        return lists

    def _check_zone(self, draft: Draft, zone_id: str, listed: Node) -> None:
        """See to it that the lot has the zone, that it is counted by spaces, and large enough.

        The zones may be wrong themselves, which is told already.
        """
        zones = draft.node.child("zones")
        values = [] if zones is None else [zone.value for zone in zones.items]
        known = {str(zone.get("id")): zone for zone in values if isinstance(zone, dict)}
        zone = known.get(zone_id)
        loc: Loc = ("spaces", zone_id)
        if zone is None:
            where = draft.where(loc)
            self._source.fault(draft.node.key_at(loc), where, "the lot has no such zone")
            return
        counting, capacity = zone.get("counting"), zone.get("capacity")
        if counting in get_args(Counting) and counting != "spaces":
            message = f"the zone is counted by {counting}, it has no list of spaces"
        elif isinstance(capacity, int) and len(listed.items) > capacity > 0:
            message = f"{len(listed.items)} spaces, more than the capacity of {capacity}"
        else:
            return
        self._source.fault(listed.at, draft.where(loc), message)


def _worded(message: str, node: Node | None) -> str:
    """Say in one line what the model says, and of which text."""
    if "Failed to parse expression" in message:
        found = _HOURS_PLACE.search(message)
        place = "" if found is None else f", from its character {found[1]} on"
        return f"not in OpenStreetMap's opening_hours syntax{place}"
    message = " ".join(message.removeprefix("Value error, ").split())
    value: Any = None if node is None else node.value
    if isinstance(value, str) and len(value) <= _SHORT:
        return f"{message}: {value!r}"
    return message
