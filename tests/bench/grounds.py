"""The grounds that rows run on: one PostgreSQL, and services with a database each.

PostgreSQL is the embedded one with the service's own settings. It runs in the main thread's care,
as it dies with the thread that started it.
"""

import asyncio
import contextlib
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncpg

from parking.store.embedded import EmbeddedPostgres
from parking.store.migrate import migrate
from parking.store.partitions import make_months, month_of
from sensors_sim.places import Place, list_places
from tests.bench import profiling, rowwise_schema, traffic
from tests.bench.ceilings import Kept, keep
from tests.bench.client import Target, ask
from tests.bench.figures import Reading, Rounds, interleave
from tests.bench.machine import Cores, cpu_seconds, family_cpu_seconds, pin_self
from tests.service import CHECKOUT, free_port, running_services

T = TypeVar("T")
_READY_S = 20.0
_JOB_S = 1800.0
_CALM_S = 3.0
_WALKED_S = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long each side of a row is measured; `quick`: and with less of it all."""

    rounds: int = 5
    seconds: float = 1.5
    quick: bool = False
    profiles: Path | None = None
    """Where to put what py-spy sees of the service."""


class Grounds:
    """PostgreSQL in a folder of its own, and a process for the load; all gone at the end."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.cores = Cores()
        self.places = list_places()
        self.row = ""
        self._reading: tuple[Target, Target] | None = None
        self._stack = contextlib.ExitStack()
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="parking-bench-"))
        self.folder = Path(folder)
        # A factory given, the runner leaves the thread's current loop alone.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._stack.callback(self._runner.close)
        self._postgres = EmbeddedPostgres(self.folder)
        self._stack.callback(lambda: self.run(self._postgres.stop()))
        self.run(self._postgres.start())
        self.load_pool = self._pool(self.cores.load)
        self.aside_pool = self._pool(self.cores.service)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _pool(self, cores: set[int]) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=pin_self, initargs=(cores,)
        )
        self._stack.callback(pool.shutdown)
        return pool

    def load(self, job: Any, *given: Any, **named: Any) -> Any:
        """Do a job in the process of the load."""
        return self.load_pool.submit(job, *given, **named).result(_JOB_S)

    def aside(self, job: Any, *given: Any, **named: Any) -> Any:
        """Do a job where the service runs, while it rests."""
        return self.aside_pool.submit(job, *given, **named).result(_JOB_S)

    # -- databases -------------------------------------------------------------------------------

    def database(self) -> str:
        """Make a database with the service's schema and this month's log; gives its address."""
        url = self.empty_database()
        self.run(_prepare(url))
        return url

    @contextlib.contextmanager
    def other_database(self, folder: Path) -> Iterator[str]:
        """Run another PostgreSQL for a while, in a folder to be used by a service afterwards."""
        postgres = EmbeddedPostgres(folder)
        try:
            self.run(postgres.start())
            self.run(_prepare(postgres.dsn))
            yield postgres.dsn
        finally:
            self.run(postgres.stop())

    def empty_database(self) -> str:
        """Make a database; gives its address."""
        name = f"bench_{next(self._numbers)}"
        self.execute(self._postgres.dsn, f"CREATE DATABASE {name}")
        return self._postgres.dsn.replace("/parking?", f"/{name}?")

    def execute(self, url: str, sql: str) -> None:
        """Run SQL in a database."""

        async def execute() -> None:
            connection = await asyncpg.connect(url)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        self.run(execute())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the main thread."""
        return self._runner.run(coroutine)

    # -- who answers -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def service(
        self, url: str | None = None, places: Sequence[Place] = (), **env: str
    ) -> Iterator[Target]:
        """Run a service, on a new database with the district's lots, which told their state.

        Or with other places, or on a database as it is.
        """
        with running_services(url or self.database(), 1, **env) as (service,):
            pid = service.process.pid
            self.cores.pin_service(pid)
            target = Target(service.port, pid, service.admin_key)
            if url is None:
                open_lots(target, places or self.places)
            yield target

    def reading(self) -> tuple[Target, Target]:
        """Give a service and what one would write first, to be read only: all rows share them."""
        if self._reading is None:
            enter = self._stack.enter_context
            self._reading = enter(self.service()), enter(self.rowwise())
        return self._reading

    @contextlib.contextmanager
    def ceiling(self, answers: Mapping[str, Kept] | None = None) -> Iterator[Target]:
        """Run the aiohttp server that does nothing else."""
        command = ["-m", "tests.bench.ceilings"]
        if answers:
            command += ["--answers", str(keep(self.folder, dict(answers)))]
        with self._server(command, {}) as target:
            yield target

    @contextlib.contextmanager
    def rowwise(self) -> Iterator[Target]:
        """Run what one would write first."""
        url = self.empty_database()
        for sql in rowwise_schema.statements(self.places):
            self.execute(url, sql)
        command = ["-m", "uvicorn", "tests.bench.rowwise:app", "--log-level", "warning"]
        command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        with self._server(command, {"ROWWISE_DATABASE_URL": url}) as target:
            yield target

    @contextlib.contextmanager
    def _server(self, command: Sequence[str], env: Mapping[str, str]) -> Iterator[Target]:
        port = free_port()
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [sys.executable, *command, "--port", str(port)],
            cwd=CHECKOUT,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
        )
        try:
            _wait_open(process, port)
            self.cores.pin_service(process.pid)
            yield Target(port, process.pid)
        finally:
            process.terminate()
            process.wait(_READY_S)

    def measure(self, service: Target, sides: Mapping[str, Callable[[], Reading]]) -> Rounds:
        """Measure sides in turns, and see what the service does meanwhile if that is asked for."""
        file = None if self.pace.profiles is None else self.pace.profiles / f"{self.row}.txt"
        with profiling.watched(service.pid, file):
            return interleave(sides, self.pace.rounds)

    def side(
        self, target: Target, job: Callable[..., Reading], *given: Any, **named: Any
    ) -> Callable[[], Reading]:
        """Give what loads a target by a job, and tells what CPU time each answer cost, us."""

        def measure() -> Reading:
            own, stored = cpu_seconds(target.pid), family_cpu_seconds(self._postgres_pid)
            reading = self.load(job, target, *given, **named)
            return {
                **reading,
                "cpu_us": (cpu_seconds(target.pid) - own) / reading["count"] * 1e6,
                "postgres_cpu_us": (family_cpu_seconds(self._postgres_pid) - stored)
                / reading["count"]
                * 1e6,
            }

        return measure

    def own_cpu_seconds(self) -> float:
        """Give the CPU time of all that was started here, and has ended or lasts."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        lasting = [*self.load_pool._processes, *self.aside_pool._processes]
        return (
            ended.ru_utime
            + ended.ru_stime
            + time.process_time()
            + sum(cpu_seconds(pid) for pid in lasting)
            + family_cpu_seconds(self._postgres_pid)
        )

    @property
    def _postgres_pid(self) -> int:
        pid = self._postgres.pid
        assert pid is not None
        return pid


async def _prepare(url: str) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url)
    try:
        this = month_of(time.time_ns() // 1000)
        await make_months(connection, {this - 1, this, this + 1})
    finally:
        await connection.close()


def until_worked_up(service: Target) -> None:
    """Wait until the walk has nothing left to do, and has not had for some seconds."""
    calm = time.monotonic()
    deadline = calm + _WALKED_S
    while time.monotonic() < calm + _CALM_S:
        began = time.monotonic()
        assert began < deadline, "the walk does not end"
        said = ask(service.port, "GET", "/metrics")[2]
        if b"\nparking_checkpoint_lots_behind 0.0\n" not in said:
            calm = time.monotonic()
        # Not often: of many lots the metrics cost more than what is waited for.
        time.sleep(max(0.1, 10 * (time.monotonic() - began)))


def _wait_open(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            ask(port, "GET", "/healthz")
        except OSError:
            assert process.poll() is None, f"it ended with {process.returncode}"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.05)
        else:
            return


def open_lots(service: Target, places: Sequence[Place]) -> None:
    """Describe lots and spaces, and tell what all of them show now."""

    def put(path: str, value: Any) -> None:
        status, _, said = ask(
            service.port, "PUT", path, body=json.dumps(value).encode(), key=service.key
        )
        assert status in (200, 201), said

    for place in places:
        put(f"/v1/lots/{place.id}", place.description)
        for zone in place.zones:
            if zone.counting == "spaces":
                spaces = [{"id": space} for space in zone.space_ids()]
                put(f"/v1/lots/{place.id}/zones/{zone.id}/spaces", {"spaces": spaces})
    body = json.dumps({"events": traffic.first_readings(places)}).encode()
    status, _, said = ask(service.port, "POST", "/v1/events", body=body, key=service.key)
    assert status == 200, said
    assert json.loads(said)["rejected_total"] == 0, said
