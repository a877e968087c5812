"""ParkAPI v3: counts of lots that have one zone for them, as realtime data of parking sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sensors_sim.formats.format import FormatSpec, Request
from sensors_sim.formats.pushing import Pushing
from sensors_sim.moments import rfc3339

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sensors_sim.formats.fitting import Fitting
    from sensors_sim.formats.format import AddOption
    from sensors_sim.wire import Event

_BATCH = 500
_COLUMNS = ("uid", "realtime_data_updated_at", "realtime_free_capacity")


def told(event: Event, fitting: Fitting) -> bool:
    """Return whether the format can tell an event."""
    return fitting.free(event) is not None


def tell_json(events: Sequence[Event], fitting: Fitting) -> Request:
    """Return the push of counts as JSON."""
    items = [
        dict(zip(_COLUMNS, (e.lot, rfc3339(e.at_us), fitting.free(e)), strict=True)) for e in events
    ]
    body = msgspec.json.encode({"items": items})
    return Request("POST", "/v1/connect/parkapi/json", body, len(events))


def tell_csv(events: Sequence[Event], fitting: Fitting) -> Request:
    """Return the push of counts as CSV, as a spreadsheet would save it."""
    lines = [";".join(_COLUMNS)]
    lines += [f"{e.lot};{rfc3339(e.at_us)};{fitting.free(e)}" for e in events]
    body = "\ufeff" + "\r\n".join(lines) + "\r\n"
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    return Request("POST", "/v1/connect/parkapi/csv", body.encode(), len(events), headers)


def _add_options(add: AddOption) -> None:
    add("--parkapi-form", choices=("json", "csv"), default="json", help="of ParkAPI's pushes")


def _make(options: argparse.Namespace) -> Pushing:
    return Pushing(told, tell_csv if options.parkapi_form == "csv" else tell_json, batch=_BATCH)


SPEC = FormatSpec("counts as ParkAPI v3 is pushed them", _add_options, _make)
