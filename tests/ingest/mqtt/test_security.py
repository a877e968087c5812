"""A broker with TLS, passwords and rights by topic, which is how it says who speaks for a lot."""

import asyncio
import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from parking.config import Settings
from parking.ingest.mqtt.link import BrokerAway, linked
from parking.ingest.mqtt.subscription import subscription_of
from tests.broker import PROGRAM, gateway_of, require_broker, running_broker, skip_unless_whole
from tests.ingest.mqtt.watching import PATIENCE, passages, shows
from tests.service import running_services
from tests.web.client import client_of, described, event, until, zone

SECRET = "secret-word"
RIGHTS = """
user service
topic read parking/v1/+/events
topic write parking/v1/+/receipts

user east
topic write parking/v1/east/events
topic read parking/v1/east/receipts
"""


def program(name: str) -> str:
    """Find a program, or skip; where tests must be whole, that is a failure."""
    beside = str(Path(PROGRAM or "/").parent)
    found = shutil.which(name, path=os.environ.get("PATH", "") + f":{beside}:/usr/bin")
    if found is None:
        skip_unless_whole(f"no {name}, to test MQTT with TLS and passwords")
    assert found is not None
    return found


@pytest.fixture
def secured(tmp_path: Path) -> list[str]:
    """Make an authority, a broker's certificate, passwords and rights; gives the configuration."""
    require_broker()

    def run(*arguments: str) -> None:
        subprocess.run(  # noqa: S603 - our own certificates
            arguments, check=True, capture_output=True, cwd=tmp_path
        )

    openssl, new = program("openssl"), ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    run(openssl, "req", "-x509", *new, "-subj", "/CN=test authority", "-keyout", "ca.key",
        "-out", "ca.pem", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    run(openssl, "req", *new[:3], "-subj", "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "csr.pem")
    tmp_path.joinpath("names.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    run(openssl, "x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", "2", "-extfile", "names.ext", "-out", "cert.pem")  # fmt: skip
    tmp_path.joinpath("passwords").write_text(f"service:{SECRET}\neast:{SECRET}-east\n")
    run(program("mosquitto_passwd"), "-U", "passwords")
    tmp_path.joinpath("rights").write_text(RIGHTS)
    return [
        "allow_anonymous false",
        f"password_file {tmp_path}/passwords",
        f"acl_file {tmp_path}/rights",
        f"cafile {tmp_path}/ca.pem",
        f"certfile {tmp_path}/cert.pem",
        f"keyfile {tmp_path}/key.pem",
    ]


async def test_who_may_write_a_topic_speaks_for_its_lot(
    secured: list[str], tmp_path: Path, database_url: str
) -> None:
    ca = str(tmp_path / "ca.pem")
    with running_broker(*secured) as broker:
        address = f"127.0.0.1:{broker.port}"
        env = {"PARKING_MQTT_URL": f"mqtts://service:{SECRET}@{address}", "PARKING_MQTT_CA": ca}
        with running_services(database_url, 1, **env) as (service,):
            async with client_of(service) as client:
                for lot in ("east", "west"):
                    await client.put_lot(lot, described(zone("b1")))
                await shows(client, "connected")
                tls = ssl.create_default_context(cafile=ca)
                login = ("east", f"{SECRET}-east", tls)
                async with gateway_of(broker, *login) as gateway:  # which the broker ends
                    await gateway.publish("west", event("west", id="not-mine"), qos=0)
                    await until(
                        lambda: asyncio.to_thread(broker.said),
                        lambda said: "Denied PUBLISH" in said,
                        PATIENCE,
                    )
                async with gateway_of(broker, *login) as gateway:
                    await gateway.publish("east", event("east", id="mine"))
                    await passages(client, "east", 1)
                assert await client.log("west") == []
            assert SECRET not in service.said()
        wrong = {
            "Bad User Name or Password|[Nn]ot authorized": ("no", ca),
            "certificate verify failed": (SECRET, None),
        }
        for reason, (password, authority) in wrong.items():
            url = f"mqtts://service:{password}@{address}"
            subscription = subscription_of(Settings.model_validate(
                {"mqtt_url": url, "mqtt_ca": authority, "mqtt_client": "another"}
            ))  # fmt: skip
            assert subscription is not None
            with pytest.raises(BrokerAway, match=reason) as caught:
                async with linked(subscription):
                    pass
            assert SECRET not in str(caught.value)
