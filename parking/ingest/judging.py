"""Judging: by what rules an event is accepted, the same whichever way it came.

An event is read with the description of its own moment; a lot that is retired now takes none.
"""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Struct

from parking.domain.access import Principal
from parking.domain.events import (
    Entry,
    Event,
    Placed,
    canonical,
    decode,
    identity,
    is_event_id,
    is_id,
    observed,
)
from parking.domain.instants import MINUTE, micros
from parking.domain.placing import Misplaced, place
from parking.domain.timeline import Timeline
from parking.ingest.receipts import Code
from parking.live.board import Board

AHEAD = 5 * MINUTE
"""How far ahead of the server's clock an event may be, us."""
_MOST_KNOWN = 1_000  # senders


class Refused(Exception):
    """An event breaks a rule."""

    def __init__(self, code: Code, detail: str) -> None:
        """Say which, and in words for the operator."""
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Judges:
    """Gives judges, who look up once what a sender may speak of, until a lot is described anew."""

    def __init__(self, board: Board) -> None:
        """Judge by the board's lots."""
        self._board = board
        self._known: dict[Principal, _Timelines] = {}
        self._known_at = board.descriptions

    def give(self, principal: Principal, now: int, oldest: int, lot: str | None = None) -> "Judge":
        """Give one for a sender at `now`; `oldest` is the first moment retained, both in us.

        `lot`: the only one that the events may speak of, where the way they came says so. It holds
        until the next await.
        """
        if self._known_at != self._board.descriptions or len(self._known) > _MOST_KNOWN:
            self._known.clear()
            self._known_at = self._board.descriptions
        timelines = self._known.get(principal)
        if timelines is None:
            timelines = self._known[principal] = _Timelines(self._board, principal)
        return Judge(timelines, principal.key_id, now, oldest, lot)


class Judge:
    """Judges the events of one sender at one moment."""

    __slots__ = ("_key", "_latest", "_lot", "_now", "_oldest", "_timelines")

    def __init__(
        self, timelines: "_Timelines", key: str, now: int, oldest: int, lot: str | None
    ) -> None:
        """Judge as `Judges.give` says."""
        self._key = key
        self._latest = now + AHEAD
        self._lot = lot
        self._now = now
        self._oldest = oldest
        self._timelines = timelines

    def entries(self, events: Iterable[Event]) -> list[Entry]:
        """Give what is to be stored of events; Refused when one of them breaks a rule."""
        only, latest, oldest, timelines = self._lot, self._latest, self._oldest, self._timelines
        key, now = self._key, self._now
        entries: list[Entry] = []
        for event in events:
            lot = event.lot
            if only is not None and lot != only:
                raise Refused("forbidden_lot", f"only events of lot {only} may come this way")
            try:
                at = micros(event.observed_at)
                body = canonical(event, at)
            except OverflowError:
                detail = "observed_at lies outside the years 1 to 9999"
                raise Refused("invalid", detail) from None
            timeline = timelines[lot]
            # mostly now's: without a call, as this runs for every event
            layout = timeline.current if at >= timeline.changed_at else timeline.at(at)
            try:
                zone = place(event, layout)
            except Misplaced as misplaced:
                raise _refused(event, misplaced) from None
            if at > latest:
                detail = "observed_at is more than 5 minutes ahead of the server's clock"
                raise Refused("future", detail)
            if at < oldest:
                raise Refused("too_old", "observed_at is before what is retained")
            own = event.id if event.id is not UNSET else identity(event, body)
            entries.append(Placed(lot, at, own, zone, event, body, key, now, 0, timeline, layout))
        return entries


class _Timelines(dict[str, Timeline]):
    """Of the lots that a sender may speak of, as they are looked up."""

    def __init__(self, board: Board, principal: Principal) -> None:
        super().__init__()
        self._board = board
        self._principal = principal

    def __missing__(self, lot: str) -> Timeline:
        live = self._board.find(lot)
        if live is None or live.timeline.current is None:
            if not is_id(lot):
                raise Refused("invalid", "lot is not an id")
            raise Refused("unknown_lot", f"there is no lot {lot}")
        if not self._principal.may_write_lot(live.timeline.current.lot.operator):
            raise Refused("forbidden_lot", f"lot {lot} is another operator's")
        self[lot] = live.timeline
        return live.timeline


def _refused(event: Event, misplaced: Misplaced) -> Refused:
    """Tell what cannot be an id from one that is unknown."""
    if misplaced.code in ("unknown_zone", "unknown_space"):
        field = misplaced.code.removeprefix("unknown_")
        value = getattr(event, field, UNSET)
        if value is not UNSET and not is_id(value):
            return Refused("invalid", f"{field} is not an id")
    return Refused(misplaced.code, misplaced.detail)


def read_event(raw: bytes | msgspec.Raw) -> Event:
    """Read an encoded event; Refused when it is none."""
    try:
        return decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, msgspec.MsgspecError) else "not an event"
        raise Refused("invalid", detail) from None


class _OnlyId(Struct):
    id: object = None


_decode_id = msgspec.json.Decoder(_OnlyId).decode


def name_of(raw: bytes | msgspec.Raw, event: Event | None) -> str | None:
    """Give the id by which to name what was refused, if it has one; `event` is what was read."""
    if event is None:
        try:
            found = _decode_id(raw).id
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return found if isinstance(found, str) and is_event_id(found) else None
    if event.id is not UNSET:
        return event.id
    try:
        return identity(event, canonical(event, observed(event)))
    except OverflowError:
        return None
