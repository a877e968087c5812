"""4pyun (PP停车): each car that enters or leaves a lot with one gated zone, and remaining spaces.

Every car has a plate, made up; the service must not keep it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sensors_sim.formats.format import FormatSpec, Request
from sensors_sim.formats.pushing import Pushing
from sensors_sim.receipts import Receipt, read_receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensors_sim.client import Answer
    from sensors_sim.formats.fitting import Fitting
    from sensors_sim.wire import Event

PLATE = "测A00000"
_MILLISECOND = 1_000
_POSTS = {"in": ("enter", "enter_time"), "out": ("leave", "leave_time")}
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def told(event: Event, fitting: Fitting) -> bool:
    """Return whether the format can tell an event: one car, or spaces, to the millisecond."""
    if event.at_us % _MILLISECOND:
        return False
    if event.type == "passage":
        return fitting.capacity(event) is not None and event.body.get("count", 1) == 1
    return fitting.free(event) is not None


def tell(events: Sequence[Event], fitting: Fitting) -> Request:
    """Return the post of one car, or of the remaining spaces."""
    [event] = events
    at = str(event.at_us // _MILLISECOND)
    fields = {"park_uuid": event.lot}
    if event.type == "passage":
        post, time = _POSTS[event.body["direction"]]
        fields |= {"parking_serial": event.id, "plate": PLATE, time: at}
    else:
        post = "space"
        fields |= {
            "timestamp": at,
            "total_parking_space": str(fitting.capacity(event)),
            "remain_parking_space": str(fitting.free(event)),
        }
    return Request("POST", f"/v1/connect/fourpyun/{post}", urlencode(fields).encode(), 1, _HEADERS)


def receipt_of(answer: Answer) -> Receipt:
    """Return the receipt within an answer; a ValueError when it is none."""
    data = answer.data
    if not isinstance(data, dict) or data.get("code") != "200":
        raise ValueError("the answer to a post of 4pyun has no code 200")
    return read_receipt(data.get("receipt"))


SPEC = FormatSpec(
    "cars that enter and leave, and remaining spaces, as posts of 4pyun",
    lambda _: None,
    lambda _: Pushing(told, tell, read=receipt_of),
)
