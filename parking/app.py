"""The composition root: read it from top to bottom to see what the service is made of."""

import asyncio
import contextlib
import gc
import logging
import signal
import time
from collections.abc import AsyncIterator

from aiohttp import web

from parking import metrics
from parking.config import Settings
from parking.domain.instants import DAY
from parking.errors import DatabaseAway
from parking.ingest.commits import GroupCommit
from parking.ingest.connectors.connector import NO_CONNECTORS, Connectors
from parking.ingest.connectors.loading import load
from parking.ingest.delivery import Delivery
from parking.ingest.intake import Intake
from parking.ingest.lorawan.deliveries import Deliveries
from parking.ingest.mqtt.subscriber import MQTT, Subscriber
from parking.ingest.mqtt.subscription import subscription_of
from parking.ingest.polling import Polling
from parking.ingest.rejections import DeadLetters
from parking.jobs.schedule import Jobs, every
from parking.live.past import Past
from parking.live.replica import Replica
from parking.live.reports import Reports
from parking.live.stream import Stream
from parking.live.verdicts import Verdicts
from parking.store import audit, embedded
from parking.store.database import Database, open_database
from parking.store.leadership import Leadership
from parking.store.log import LogWriter
from parking.store.migrate import migrate
from parking.web.audit import Audit
from parking.web.availability import Availability
from parking.web.connect import Connect
from parking.web.connections import Runner
from parking.web.devices import DeviceRegistry
from parking.web.documents import Documents
from parking.web.events import Events
from parking.web.express import Express
from parking.web.folder_gauges import FolderMetrics
from parking.web.gate import Gate
from parking.web.health import Health
from parking.web.keys import Keys
from parking.web.limits import limits_of
from parking.web.lorawan import Lorawan
from parking.web.lot_gauges import LotGauges
from parking.web.lots import Lots
from parking.web.nearby import NearbyLots
from parking.web.protection import Protection
from parking.web.quality import Quality
from parking.web.recent import Recent
from parking.web.rejections import Rejections
from parking.web.routes import build, list_routes
from parking.web.sensors import Sensors
from parking.web.site import Site
from parking.web.spaces import Spaces
from parking.web.streams import Streams
from parking.web.usage import Usage

log = logging.getLogger("parking")

_RETRY_SECONDS = 1.0
# A stop takes 10 s at most, whatever does not answer: requests twice so long (aiohttp waits for
# them, then for what it cancelled), the last commit, the snapshot, and the pool one second.
_DRAIN_SECONDS = 2.0
_COMMIT_SECONDS = 1.5
_SAVE_SECONDS = 1.5
_LETTERS_SECONDS = 0.5
_AUDIT_SECONDS = 3600.0
_MADE_BEFORE_COLLECTION = 10_000  # objects; Python looks after 700, which cost 4 % of the time


def clock() -> int:
    """Give the present, us since the epoch."""
    return time.time_ns() // 1000


@contextlib.asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """Give the database to use: the one that is set, or the embedded one, running meanwhile."""
    if settings.database_url is not None:
        yield settings.database_url
    else:
        async with embedded.running(settings.data_dir) as dsn:
            yield dsn


async def serve(settings: Settings) -> None:
    """Run the service until SIGTERM or SIGINT, then answer what was accepted and stop.

    BadConnectors when the file of connectors cannot be used.
    """
    connectors = NO_CONNECTORS if settings.connectors is None else load(settings.connectors)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    async with contextlib.AsyncExitStack() as stack:
        # a database that recovers from a crash may take its time: do not make a stop wait for it
        opening = asyncio.create_task(_open(settings, connectors, stack))
        await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            await opening.result().run(stop)
        else:
            opening.cancel()
            await asyncio.wait((opening,))
        stopping.cancel()
    log.info("stopped")


async def _open(
    settings: Settings, connectors: Connectors, stack: contextlib.AsyncExitStack
) -> "Service":
    """Give the service, listening; the stack closes it and what it stands on."""
    dsn = await stack.enter_async_context(database_url(settings))
    database = await stack.enter_async_context(open_database(dsn))
    made = Service(settings, dsn, database, connectors)
    service = await stack.enter_async_context(contextlib.aclosing(made))
    await service.listen()
    return service


class Service:
    """One instance, put together."""

    def __init__(
        self,
        settings: Settings,
        dsn: str,
        database: Database,
        connectors: Connectors = NO_CONNECTORS,
    ) -> None:
        """Put the parts together; nothing runs yet."""
        admin = settings.admin_key
        secret = None if admin is None else admin.get_secret_value()
        self._settings = settings
        self._dsn = dsn
        self._replica = Replica(database, clock, secret)
        self._commits = GroupCommit(LogWriter(dsn), self._replica)
        self._letters = DeadLetters(self._replica)
        intake = Intake(self._replica, self._commits, self._letters, settings.retention_days)
        subscription = subscription_of(settings)
        self._subscriber = (
            None if subscription is None else Subscriber(subscription, intake, self._letters)
        )
        stream = Stream(self._replica)
        self._stream = stream
        self._leadership = Leadership(dsn)
        delivery = Delivery(intake, self._letters)
        self._polling = Polling(connectors.polls, delivery, self._replica, self._leadership)
        self._commits.repeats.asked = connectors.asked
        if subscription is not None and subscription.group is None:
            self._commits.repeats.told_to_all = frozenset((MQTT.key_id,))
        verdicts = Verdicts()
        self._jobs = Jobs(
            self._replica, intake.oldest, self._leadership, verdicts, self._commits.repeats
        )
        self._streams = Streams(self._replica, stream)
        documents, site = Documents(), Site(settings)
        prefix = settings.path_prefix or ""
        protection = Protection(https=settings.https)
        gate = Gate(self._replica, protection, limits_of(settings), prefix)
        self._events = Events(self._replica, intake, self._letters, gate.authenticate)
        availability = Availability(self._replica, Past(database), intake)
        nearby = NearbyLots(self._replica)
        routes = list_routes(
            lots=Lots(self._replica),
            availability=availability,
            nearby=nearby,
            streams=self._streams,
            events=self._events,
            connect=Connect(self._replica, delivery, connectors, gate.find_principal),
            sensors=Sensors(self._replica),
            devices=DeviceRegistry(self._replica),
            lorawan=Lorawan(Deliveries(self._replica, intake, self._letters)),
            spaces=Spaces(self._replica),
            recent=Recent(self._replica),
            usage=Usage(self._replica, Reports(database)),
            quality=Quality(self._replica),
            keys=Keys(self._replica),
            audit=Audit(self._replica),
            rejections=Rejections(self._replica),
            health=Health(self._replica, LotGauges(self._replica, verdicts), self._subscriber),
            documents=documents,
            site=site,
        )
        app = build(routes, gate, documents, site, prefix)
        express = Express(
            gate,
            all_lots=availability.find_all,
            one_lot=availability.find_one,
            nearby=nearby.find,
            events=self._events,
        )
        self._runner = Runner(app, protection, express, shutdown_seconds=_DRAIN_SECONDS)
        self._folder_metrics = FolderMetrics(
            settings.data_dir if settings.database_url is None else None
        )
        metrics.registry.register(self._folder_metrics)

    async def listen(self) -> None:
        """Answer requests from now on; until the state is rebuilt, that it is starting."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port, backlog=1024)
        await site.start()
        for address in self._runner.addresses:
            log.info("listening on %s", address)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then end in order: no new requests, answers, commits, a snapshot."""
        flusher = asyncio.create_task(self._commits.run())
        work = asyncio.create_task(self._work())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((flusher, work, stopping), return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping")
        self._events.close()
        await self._streams.close()
        await self._runner.cleanup()
        self._commits.close()
        await asyncio.wait((flusher,), timeout=_COMMIT_SECONDS)
        for task in (work, flusher, stopping):
            task.cancel()
        ended = await asyncio.gather(work, flusher, stopping, return_exceptions=True)
        if self._replica.ready:
            with contextlib.suppress(DatabaseAway, TimeoutError):
                await asyncio.wait_for(self._replica.save(), _SAVE_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._letters.flush(), _LETTERS_SECONDS)
        for result in ended:
            if isinstance(result, Exception):
                raise result

    async def _work(self) -> None:
        """Bring up the state when the database is there, and then keep everything going."""
        while not self._replica.ready:
            try:
                await migrate(self._dsn)
                await self._replica.start()
            except DatabaseAway:
                await asyncio.sleep(_RETRY_SECONDS)
        gc.collect()
        gc.freeze()  # what the state consists of stays: it need not be looked at again and again
        gc.set_threshold(_MADE_BEFORE_COLLECTION)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._replica.run())
            group.create_task(self._stream.run())
            group.create_task(self._jobs.run())
            group.create_task(self._letters.run())
            if self._subscriber is not None:
                group.create_task(self._subscriber.run())
            group.create_task(self._polling.run())
            group.create_task(every(_AUDIT_SECONDS, "audit", self._forget_acts))

    async def _forget_acts(self) -> None:
        """Delete what is recorded of acts longer ago than they are to be kept."""
        if self._settings.audit_days is not None:
            async with self._replica.database.connection() as connection:
                await audit.forget(connection, clock() - self._settings.audit_days * DAY)

    async def aclose(self) -> None:
        """Let go of what is still held."""
        metrics.registry.unregister(self._folder_metrics)
        self._leadership.close()
        await self._runner.cleanup()
