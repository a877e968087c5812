"""The settings of MQTT: where, as whom, and that no password is ever told."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from parking.config import Settings
from parking.ingest.mqtt.subscription import subscription_of
from tests.service import RunningService

SECRET = "secret-word"


def settings(**more: object) -> Settings:
    return Settings.model_validate(more)


def test_without_a_broker_there_is_no_subscription() -> None:
    assert subscription_of(settings()) is None


def test_a_url_tells_all() -> None:
    found = subscription_of(settings(mqtt_url=f"mqtt://gate%40way:{SECRET}%2F@broker:18830"))
    assert found is not None
    assert (found.broker.host, found.broker.port, found.broker.user) == (
        "broker",
        18830,
        "gate@way",
    )
    assert found.broker.password is not None
    assert found.broker.password.get_secret_value() == f"{SECRET}/"
    assert (found.tls, found.filter) == (None, "parking/v1/+/events")
    assert SECRET not in repr(found)
    assert SECRET not in found.broker.name


def test_tls_has_a_port_of_its_own() -> None:
    found = subscription_of(settings(mqtt_url="mqtts://[::1]", mqtt_group="all"))
    assert found is not None
    assert found.tls is not None
    assert (found.broker.host, found.broker.port) == ("::1", 8883)
    assert found.filter == "$share/all/parking/v1/+/events"


def test_instances_of_one_machine_have_names_of_their_own() -> None:
    names = set()
    for port in (8080, 8081):
        found = subscription_of(settings(mqtt_url="mqtt://broker", port=port))
        assert found is not None
        names.add(found.client)
    assert len(names) == 2
    found = subscription_of(settings(mqtt_url="mqtt://broker", mqtt_client="east-1"))
    assert found is not None
    assert found.client == "east-1"


@pytest.mark.parametrize(
    "url",
    [
        "http://x", "broker:1883", "mqtt://", "mqtt://h/x", "mqtt://h?x=1", "mqtt://h:0x1",
        f"mqtt://u:{SECRET}@h:99999", f"mqtt://:{SECRET}@h/a/b", f"mqtt:///{SECRET}",
    ],
)  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(mqtt_url=url)
    [fault] = caught.value.errors()
    assert fault["loc"] == ("mqtt_url",)
    assert SECRET not in fault["msg"]


def test_certificates_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        settings(mqtt_url="mqtts://h", mqtt_ca=str(tmp_path / "nothing.pem"))
    tmp_path.joinpath("empty.pem").touch()
    with pytest.raises(OSError, match=r".*"):
        subscription_of(settings(mqtt_url="mqtts://h", mqtt_ca=str(tmp_path / "empty.pem")))


async def test_what_is_told_of_a_wrong_url_has_no_password() -> None:
    url = f"mqtt://user:{SECRET}@host:99999"
    one = RunningService("postgresql://nowhere", "x" * 40, {"PARKING_MQTT_URL": url})
    try:
        one.start(wait=False)
        assert await asyncio.to_thread(one.process.wait, 60) == 2
        assert "PARKING_MQTT_URL" in one.said()
        assert SECRET not in one.said()
    finally:
        one.close()
