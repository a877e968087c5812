"""Rows of planners' questions and of the roll-up, while batches come in and while none do."""

import time

from parking.domain.instants import DAY, HOUR, rfc3339
from tests.bench import bulk, planner_loads
from tests.bench.client import Target
from tests.bench.figures import Finding, Reading, at_most, interleave, samples
from tests.bench.grounds import Grounds, until_worked_up
from tests.bench.ingest import noted
from tests.bench.sizes import describe

_DAYS = 3
_WALKS = 3
_MOST = 0.7
"""Of what the service takes: a queue that grows would measure its own length."""


def usage(grounds: Grounds) -> list[Finding]:
    """Measure usage and the roll-up while events come at half the rate of the bare COPY.

    The question ends before the running hour, whose events are read from the log: there are ever
    more of them here.
    """
    pace = grounds.pace
    url = grounds.database()
    grounds.run(describe(url, grounds.places))
    now = time.time_ns() // 1000
    count = 10_000 if pace.quick else 300_000
    grounds.load(bulk.copy_past, url, 1, count, ending=now, step=_DAYS * DAY // count)
    with grounds.service(url) as service:
        until_worked_up(service)
        copied = grounds.aside(bulk.copy_rows, grounds.database(), 3, 100_000, 5_000, 1.0)["rate"]
        taken = grounds.load(planner_loads.pushed, service, 4, 1.5)
        rate = min(0.5 * copied, _MOST * taken)
        since, until = rfc3339(now - 2 * DAY), rfc3339(now - 2 * HOUR)
        path = f"/v1/usage?bucket=hour&from={since}&to={until}"
        asked = 2 * pace.seconds

        def side(rate: float) -> Reading:
            found: Reading = grounds.load(planner_loads.beside, service, path, rate, asked)
            return found

        found = grounds.measure(service, {"idle": lambda: side(0), "busy": lambda: side(rate)})
        notes = {**noted(found["busy"]), "copied": copied, "taken": taken}
        findings = [
            Finding("usage while ingesting", "ms", samples(found["busy"], "p50_ms"), "idle",
                    samples(found["idle"], "p50_ms"), at_most(2), notes)
        ]  # fmt: skip
        if not pace.quick:  # it waits for the service's clock
            findings.append(_rolled_up(grounds, service, rate))
    return findings


def _rolled_up(grounds: Grounds, service: Target, rate: float) -> Finding:
    lots = [place.id for place in grounds.places]

    def side(rate: float) -> Reading:
        found: Reading = grounds.load(planner_loads.roll_up, service, lots, rate)
        return found

    # no warm-up: the walk has just been over all of it
    sides = {"idle": lambda: side(0), "busy": lambda: side(rate)}
    found = interleave(sides, _WALKS, warm_up=False)
    busy, idle = samples(found["busy"], "seconds"), samples(found["idle"], "seconds")
    notes = noted(found["busy"])
    return Finding("roll-up while ingesting", "s", busy, "idle", idle, at_most(2), notes)
