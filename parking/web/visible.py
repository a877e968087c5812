"""Which lots a caller asks for and may see; of planners' reads an operator sees its own alone."""

from collections.abc import Sequence

from parking.domain.timeline import Layout, Timeline
from parking.errors import Forbidden, NotFound
from parking.live.lot import LiveLot
from parking.live.replica import Replica
from parking.web.calls import Call


def get_lot(replica: Replica, lot_id: str) -> tuple[LiveLot, Layout]:
    """Give a lot that is not retired, and its present description; NotFound."""
    live = replica.board.find(lot_id)
    if live is None or live.timeline.current is None:
        raise NotFound("There is no such lot.")
    return live, live.timeline.current


def list_visible(
    replica: Replica, call: Call, wanted: Sequence[str] | None, district: str | None
) -> list[Timeline]:
    """Give the lots in the order of their ids, retired ones too.

    NotFound for a wanted lot that never was, Forbidden for another operator's.
    """
    who = call.who
    lots = {live.id: live.timeline for live in replica.board.all_lots()}
    missing = set(wanted or ()) - lots.keys()
    if missing:
        raise NotFound(f"There is no lot {min(missing)}.")
    found = []
    for lot_id in sorted(lots if wanted is None else set(wanted)):
        lot = lots[lot_id].last_layout.lot
        if district is not None and lot.district != district:
            continue
        if who.role == "operator" and not who.may_write_lot(lot.operator):
            if wanted is not None:
                raise Forbidden(f"Lot {lot_id} is another operator's.")
            continue
        found.append(lots[lot_id])
    return found
