"""Sensors of a lot: when each was last heard, how it is, and whether it makes sense."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aiohttp import web

from parking.domain.instants import SECOND, rfc3339
from parking.domain.quality.findings import Finding
from parking.domain.states import LotState, SensorState
from parking.domain.timeline import Layout
from parking.live.lot import LiveLot
from parking.live.replica import Replica
from parking.live.turns import Turns
from parking.store import quality
from parking.web.calls import Call
from parking.web.pages import cut_page
from parking.web.params import PageQuery
from parking.web.quality import shown_finding
from parking.web.replies import reply_value
from parking.web.visible import get_lot

State = Literal["ok", "silent", "stuck", "never_heard"]


class Sensors:
    """`/v1/lots/{lot}/sensors`."""

    def __init__(self, replica: Replica) -> None:
        """Read the board, and what was found of the lot when it was last judged."""
        self._replica = replica
        self._turns = Turns(2, 50)

    async def list(self, call: Call) -> web.StreamResponse:
        """List the lot's sensors: those that named themselves, and what else should be heard."""
        live, layout = get_lot(self._replica, call.part("lot"))
        now = self._replica.clock()
        async with self._turns.turn(), self._replica.database.connection() as connection:
            judged = await quality.list_latest(connection, [live.id], after=None, limit=1)
        query: PageQuery = call.query
        page, following = cut_page(_sensors(live.state, layout), query.cursor, query.limit)
        findings: defaultdict[_Watched, list[Finding]] = defaultdict(list)
        for finding in judged[0].report.findings if judged else ():
            findings[finding.zone, finding.space].append(finding)
        items = [_item(sensor, live, now, findings) for sensor in page]
        return reply_value({"items": items, "next": following})


_Sensor = tuple[str | None, str | None, str | None, int | None, SensorState | None]
"""Its id, zone, space, when it was heard (us), and its health."""
_Watched = tuple[str | None, str | None]
"""A zone and a space, or a zone alone."""


def _sensors(state: LotState, layout: Layout) -> list[_Sensor]:
    found: list[_Sensor] = []
    watched: set[tuple[str | None, str | None]] = set()
    for name, sensor in sorted(state.sensors.items()):
        zone = layout.zone_of.get(sensor.space) if sensor.space is not None else sensor.zone
        found.append((None if ":" in name else name, zone, sensor.space, sensor.seen.at, sensor))
        watched.add((zone, sensor.space))
    for space, zone in layout.zone_of.items():
        if (zone, space) not in watched:
            known = state.spaces.get(space)
            found.append((None, zone, space, None if known is None else known.heard, None))
    for described in layout.lot.zones:
        if described.counting != "spaces" and (described.id, None) not in watched:
            heard = state.zones.get(described.id)
            found.append((None, described.id, None, None if heard is None else heard.heard, None))
    return found


def _item(
    sensor: _Sensor, live: LiveLot, now: int, findings: Mapping[_Watched, list[Finding]]
) -> dict[str, Any]:
    name, zone, space, heard, health = sensor
    own = [finding for finding in findings.get((zone, space), ()) if finding.sensor in (None, name)]
    return {
        "sensor": name,
        "zone": zone,
        "space": space,
        "state": _state(sensor, live, now, own),
        "heard_at": None if heard is None else rfc3339(heard),
        "battery_pct": None if health is None else health.battery_pct,
        "rssi_dbm": None if health is None else health.rssi_dbm,
        "temperature_c": None if health is None else health.temperature_c,
        "findings": [shown_finding(finding) for finding in own],
    }


def _state(sensor: _Sensor, live: LiveLot, now: int, findings: Sequence[Finding]) -> State:
    """Judge by what is heard now, then by what was found; its gateway's heartbeats are its own."""
    _, zone_id, _, heard, _ = sensor
    if heard is None:
        return "never_heard"
    layout, state = live.timeline.current, live.state.zones.get(zone_id or "")
    zone = None if layout is None else layout.zones.get(zone_id or "")
    alive = heard if state is None or state.beat is None else max(heard, state.beat)
    silent = zone is not None and now - alive >= zone.stale_after_s * SECOND
    unheard = {found.since for found in findings if found.is_silence}
    if silent or any(since is not None and heard <= since for since in unheard):
        return "silent"
    return "stuck" if any(found.kind == "stuck" for found in findings) else "ok"
