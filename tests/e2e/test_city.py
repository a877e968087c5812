"""The simulated city against the real service: its own truth is what the service says."""

import os
import subprocess
import sys

import pytest

from tests.broker import running_broker
from tests.service import CHECKOUT, RunningService, running_services

SIMULATE = (sys.executable, "-c", "import sys; from sensors_sim.cli import main; sys.exit(main())",
            "city", "--hours", "2", "--speed", "10000")  # fmt: skip
FAULTS = ("duplicates=0.1", "disorder=0.2", "delay=0.05")
"""Those that lose nothing: with them, too, everything must agree."""


def simulate(service: RunningService, *options: str) -> str:
    """Run the simulator, which must find what it expects; gives what it said."""
    faults = [part for fault in FAULTS for part in ("--fault", fault)]
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [*SIMULATE, "--url", service.url, *faults, *options],
        env={**os.environ, "SENSORS_SIM_KEY": service.admin_key},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_truth_and_service_agree_in_all_lots(service: RunningService) -> None:
    assert "all 24 lots agree" in simulate(service)


def test_they_agree_by_mqtt(database_url: str) -> None:
    lots = ("--lots", "east-station-p1,east-station-p2")
    with (
        running_broker() as broker,
        running_services(database_url, PARKING_MQTT_URL=broker.url) as (service,),
    ):
        said = simulate(service, "--as", "mqtt", "--mqtt-url", broker.url, *lots)
    assert "all 2 lots agree" in said
    assert "retries 0" in said


@pytest.mark.parametrize("way", ["chirpstack", "tts"])
def test_they_agree_however_spaces_are_told(service: RunningService, way: str) -> None:
    said = simulate(service, "--as", way, "--lots", "wisdom-island-b,east-station-p1")
    assert "all 2 lots agree" in said
    assert "rejected               0" in said
