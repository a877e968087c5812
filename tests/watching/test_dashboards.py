"""Each panel of the dashboards shows something of a service at work."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from parking.store.embedded import EmbeddedPostgres
from tests.broker import Broker, gateway_of, running_broker
from tests.service import CHECKOUT, DIRECT, RunningService
from tests.watching.dashboards import Query, list_dashboards, list_queries
from tests.watching.exporters import exporting
from tests.watching.programs import need
from tests.watching.prometheus import PATIENCE_S, Prometheus, scraping

NOT_IN_AN_HOUR = {
    "parking_lot_drift_cars_per_day": "takes days of counting to be estimated",
    "ALERTS": "only while something is wrong; the panel shows 0",
}
"""Metrics that a service of an hour that is well has no samples of: why."""
SIMULATE = (sys.executable, "-c", "import sys; from sensors_sim.cli import main; sys.exit(main())",
            "city", "--speed", "10000", "--hours")  # fmt: skip
OF_DISKS = "node_filesystem_avail_bytes"
NO_DISKS = {"squashfs", "iso9660"}
"""Types that stand on devices and are full by nature: neither exporter nor panel tells of them."""
UNTOLD = re.compile(r"/(dev|proc|sys|run/credentials|var/lib/(docker|containers/storage))(/|$)")
"""Places of which the exporter does not tell."""
LOTS = 24
WALK_S = 90.0
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Prometheus, set[str]]]:
    """Run a service with all that belongs to it, watched.

    That is its own database and a backup of it, simulated events, a broker, followers, mistakes,
    the machine, and a public address. Gives the names of all metrics of the service, too.
    """
    prometheus = need("prometheus")
    folder = Path(tempfile.mkdtemp(prefix="parking-test-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        jobs = stack.enter_context(exporting(folder / "exporters"))
        broker = stack.enter_context(running_broker())
        settings = {"PARKING_DATA_DIR": str(folder / "data"), "PARKING_MQTT_URL": broker.url}
        service = RunningService("", secrets.token_hex(20), settings)
        stack.callback(service.close)
        service.start()
        simulate(service, "1")
        asyncio.run(until_walked(folder / "data"))
        service.terminate()
        service.start()  # lots that are walked are judged at a start
        back_up(folder)
        with scraping(prometheus, service.port, jobs) as found:
            simulate(service, "2")
            tell(service, broker)
            for outcome in ("accepted", "unknown_lot"):
                found.wait(f'sum(parking_events_total{{outcome="{outcome}"}}) > 0')
            with DIRECT.open(f"{service.url}/v1/stream", timeout=30):
                tell(service, broker)
                # what came in the second go is seen to have come
                for outcome in ("accepted", "unknown_lot"):
                    found.wait(f'sum(rate(parking_events_total{{outcome="{outcome}"}}[5m])) > 0')
                found.wait("sum(parking_stream_clients) > 0")
                found.wait("sum(parking_database_size_bytes) > 0")
                yield found, exposed(service)


def back_up(folder: Path) -> None:
    """Back up the database of the service that runs, as cron would."""
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "parking", "backup", str(folder / "backups")],
        env={**os.environ, "PARKING_DATABASE_URL": "", "PARKING_DATA_DIR": str(folder / "data")},
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        timeout=180,
    )


def simulate(service: RunningService, hours: str) -> None:
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [*SIMULATE, hours, "--url", service.url],
        env={**os.environ, "SENSORS_SIM_KEY": service.admin_key},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


async def until_walked(data_dir: Path) -> None:
    """Wait until the hours of all lots are worked up for the first time."""
    connection = await asyncpg.connect(EmbeddedPostgres(data_dir).dsn)
    try:
        deadline = time.monotonic() + WALK_S
        while await connection.fetchval("SELECT count(*) FROM lot_progress") < LOTS:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def tell(service: RunningService, broker: Broker) -> None:
    """Send events of a lot that is there and of one that is not, both ways; ask for the latter."""
    now = datetime.now(UTC).isoformat()
    event = {"type": "status", "status": "open", "observed_at": now}
    body = json.dumps({"events": [{"lot": lot, **event} for lot in ("east-station-p1", "nowhere")]})
    headers = {"Authorization": f"Bearer {service.admin_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{service.url}/v1/events", body.encode(), headers)  # noqa: S310
    with DIRECT.open(request, timeout=30) as answer:
        receipt = json.load(answer)
    assert (receipt["accepted"], len(receipt["rejected"])) == (1, 1), receipt
    with pytest.raises(urllib.error.HTTPError):
        DIRECT.open(f"{service.url}/v1/lots/nowhere/availability", timeout=30)
    asyncio.run(publish(broker, {"lot": "east-station-p1", **event}))


async def publish(broker: Broker, event: dict[str, str]) -> None:
    async with gateway_of(broker) as gateway:
        await gateway.publish(event["lot"], event)


def exposed(service: RunningService) -> set[str]:
    with DIRECT.open(f"{service.url}/metrics", timeout=30) as answer:
        return set(re.findall(r"^(?:# HELP )?([a-z_]+)", answer.read().decode(), re.MULTILINE))


def test_every_panel_has_data(watched: tuple[Prometheus, set[str]]) -> None:
    prometheus, _ = watched
    asked = [query for query in list_queries() if not query.metrics & NOT_IN_AN_HOUR.keys()]
    assert len(asked) > 30
    if not has_disk(read_mounts()):
        asked = [query for query in asked if OF_DISKS not in query.metrics]
    deadline = time.monotonic() + PATIENCE_S
    while empty := [query for query in asked if not _has_data(prometheus, query)]:
        assert time.monotonic() < deadline, empty
        time.sleep(1)  # until it is scraped once more


def read_mounts() -> str:
    """Give the mounts that the node exporter sees: those of the first process, if it may."""
    try:
        return Path("/proc/1/mounts").read_text()
    except OSError:
        return Path("/proc/mounts").read_text()


def has_disk(mounts: str) -> bool:
    """Whether the exporter tells of a disk; in a container there may be overlays alone."""
    lines = [line.split() for line in mounts.splitlines()]
    return any(
        device.startswith("/dev/") and kind not in NO_DISKS and not UNTOLD.match(place)
        for device, place, kind, *_ in lines
    )


def test_where_there_is_no_disk_none_is_asked_for() -> None:
    container = "overlay / overlay rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/sda1 /dev/x ext4 rw 0 0\n"
    assert not has_disk(container)
    assert not has_disk("/dev/loop0 /snap/core squashfs ro 0 0\n")
    assert has_disk(container + "/dev/sda1 /etc/hosts ext4 rw 0 0\n")


def _has_data(prometheus: Prometheus, query: Query) -> bool:
    values = [series["value"][1] for series in prometheus.query(query.expression)]
    return any(value != "NaN" for value in values)


def test_exceptions_are_needed(watched: tuple[Prometheus, set[str]]) -> None:
    """None of them has data that its panel could be held against after all."""
    prometheus, _ = watched
    asked = [query for query in list_queries() if query.metrics & NOT_IN_AN_HOUR.keys()]
    assert set(NOT_IN_AN_HOUR) == {
        name for query in asked for name in query.metrics & NOT_IN_AN_HOUR.keys()
    }
    for query in asked:
        if "vector(0)" not in query.expression:
            assert not _has_data(prometheus, query), query
    # each is right in itself: Prometheus refused it otherwise


def test_rules_are_evaluated_and_nothing_fires(watched: tuple[Prometheus, set[str]]) -> None:
    prometheus, _ = watched
    rules = prometheus.rules()
    assert len(rules) > 20
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    assert prometheus.query('ALERTS{alertstate="firing"}') == []


def test_metrics_are_the_services_or_of_known_exporters(
    watched: tuple[Prometheus, set[str]],
) -> None:
    _, names = watched
    asked = {name for query in list_queries() for name in query.metrics} - {"up", "ALERTS"}
    assert all(re.match("node_|probe_", name) for name in asked - names), asked - names


@pytest.mark.parametrize("dashboard", list_dashboards(), ids=lambda dashboard: dashboard["uid"])
def test_form(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["targets"]
        assert panel["description"], panel["title"]
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "prometheus"}
    for variable in dashboard["templating"]["list"]:
        assert f"${variable['name']}" in json.dumps(panels)


def test_people_of_the_district_read_chinese() -> None:
    (district,) = (one for one in list_dashboards() if one["uid"] == "parking-district")
    assert CHINESE.search(district["title"])
    for panel in district["panels"]:
        for text in (panel["title"], panel["description"]):
            assert CHINESE.search(text), text
            assert re.search(r"[A-Za-z]{3}", text), text


def test_provisioning_names_what_the_dashboards_use() -> None:
    provisioning = CHECKOUT / "deploy/grafana/provisioning"
    assert "uid: prometheus" in (provisioning / "datasources/prometheus.yml").read_text()
