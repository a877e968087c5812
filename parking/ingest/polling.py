"""Polling: systems that only publish are asked by the clock, by the instance that leads.

What is the same as before tells nothing new, and gives no events. So a feed that is dead grows old
here, however lively it is answered. If some of its events were refused, it is judged again, as of
when it came first: the others are duplicates then, also of a feed without a time of its source
(`observed_at = "now"`).
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import aiohttp

from parking import metrics
from parking.errors import ParkingError
from parking.ingest.connectors.connector import Poll
from parking.ingest.decoded import NotDecodable
from parking.ingest.delivery import Delivery
from parking.ingest.fetching import Fetched, FetchFailed, fetch, new_session
from parking.ingest.formats.message import Message, media_of
from parking.live.replica import Replica
from parking.store import polled
from parking.store.leadership import Leadership
from parking.store.polled import Polled

log = logging.getLogger("parking.ingest.polling")

_LEAD_SECONDS = 5.0
"""How often one that does not lead asks whether it does now."""
_LONGEST_BACKOFF = 900.0
_LONGEST_ASKED = 3_600.0
_JITTER = 0.1
_CSV = ("text/csv", "application/csv")


class Polling:
    """Asks all systems that are to be polled, each in its own time."""

    def __init__(
        self,
        polls: Sequence[Poll],
        delivery: Delivery,
        replica: Replica,
        leadership: Leadership,
    ) -> None:
        """Give what comes to `delivery`, while this instance leads."""
        self._polls = polls
        self._delivery = delivery
        self._replica = replica
        self._leadership = leadership

    async def run(self) -> None:
        """Go on until cancelled."""
        if not self._polls:
            return
        async with new_session() as session, asyncio.TaskGroup() as group:
            for poll in self._polls:
                poller = Poller(poll, self._delivery, self._replica, session)
                group.create_task(self._repeat(poller))

    async def _repeat(self, poller: "Poller") -> None:
        interval = poller.poll.interval_s
        await asyncio.sleep(random.uniform(0, min(interval, 1.0)))  # noqa: S311 - not all at once
        while True:
            if await self._leads():
                await asyncio.sleep(await poller.ask())
            else:
                await asyncio.sleep(min(interval, _LEAD_SECONDS))

    async def _leads(self) -> bool:
        try:
            return await self._leadership.held()
        except Exception:  # a fault there must not end the service
            log.exception("who leads cannot be found out")
            return False


class Poller:
    """Asks one system, and knows how it has been lately."""

    def __init__(
        self, poll: Poll, delivery: Delivery, replica: Replica, session: aiohttp.ClientSession
    ) -> None:
        """Ask through `session`; what was had before stands in `replica`'s database."""
        self.poll = poll
        self._delivery = delivery
        self._replica = replica
        self._session = session
        self._failures = 0
        self._name = poll.connector.name

    async def ask(self) -> float:
        """Ask once; gives the seconds to wait before the next time. It never raises."""
        asked = 0.0
        try:
            outcome = await self._ask()
        except FetchFailed as failed:
            asked = min(failed.retry_after, _LONGEST_ASKED)
            self._failed(failed.kind, str(failed))
        except NotDecodable as error:
            self._failed("undecodable", str(error))
        except ParkingError as error:
            self._failed("not_stored", error.title())
        except Exception as error:  # noqa: BLE001 - the others are asked all the same
            self._failed("fault", type(error).__name__)
        else:
            self._succeeded(outcome)
        wait = self.poll.interval_s
        if self._failures:
            wait = min(wait * 2.0 ** min(self._failures, 10), max(wait, _LONGEST_BACKOFF))
        return max(asked, wait * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311

    async def _ask(self) -> str:
        """Ask, deliver and remember; gives whether it was `changed` or `unchanged`."""
        async with self._replica.database.connection() as connection:
            before = await polled.find(connection, self._name)
        if before is not None and before.source != self.poll.source:
            before = None
        if before is not None and before.newest is not None:
            self._delivery.recall(self.poll.connector.name, before.newest)
        fetched = await fetch(
            self._session,
            self.poll.url,
            {**self.poll.headers, **_conditions(before)},
            timeout_s=self.poll.timeout_s,
            most_bytes=self.poll.most_bytes,
        )
        if fetched.body is None:
            if before is None:
                raise FetchFailed("status", "status 304 to a question without a condition")
            return "unchanged"
        seen = self._digest(fetched)
        partly = sha256(b"partly" + seen).digest()
        if before is not None and before.content == seen:
            return "unchanged"
        again = before is not None and before.content == partly
        now = self._replica.clock()
        at = before.at if before is not None and again else now
        message = self._message(fetched, at if self.poll.by_change else now)
        connector = self.poll.connector
        delivered = await self._delivery.take(connector, connector.principal, message)
        # what was refused may be taken once its lot is described: then it must come again
        newest = self._delivery.newest(connector.name)
        if delivered.rejected_total == 0:
            had = Polled(self.poll.source, seen, at, fetched.etag, fetched.last_modified, newest)
        else:
            had = Polled(self.poll.source, partly, at, newest=newest)
        async with self._replica.database.connection() as connection:
            await polled.save(connection, self._name, had)
        return "unchanged" if again else "changed"

    def _digest(self, fetched: Fetched) -> bytes:
        """Give a digest of what an answer tells."""
        told = fetched.last_modified if self.poll.by_header else None
        head = f"{told}\n".encode() if told else b""
        return sha256(b"whole" + head + (fetched.body or b"")).digest()

    def _message(self, fetched: Fetched, now: int) -> Message:
        message = Message(fetched.body or b"", now, fetched.media, modified=fetched.modified)
        if self.poll.connector.format != "parkapi":
            return message
        part = "csv" if media_of(message)[0] in _CSV else "json"
        return replace(message, part=part)

    def _failed(self, kind: str, detail: str) -> None:
        metrics.poll_requests.labels(self._name, kind).inc()
        if self._failures == 0:  # neither the address nor what came is written down
            log.warning("%s cannot be polled: %s", self._name, detail)
        self._failures += 1

    def _succeeded(self, outcome: str) -> None:
        metrics.poll_requests.labels(self._name, outcome).inc()
        metrics.poll_succeeded.labels(self._name).set(self._replica.clock() / 1_000_000)
        if self._failures:
            log.info("%s can be polled again", self._name)
        self._failures = 0


def _conditions(before: Polled | None) -> dict[str, str]:
    """Give the headers that ask for what is not had yet."""
    if before is None:
        return {}
    conditions = {"If-None-Match": before.etag, "If-Modified-Since": before.last_modified}
    return {name: value for name, value in conditions.items() if value is not None}
