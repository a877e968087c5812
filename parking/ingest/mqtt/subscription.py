"""What is subscribed to, and as whom: the settings of MQTT, ready to use."""

import re
import socket
import ssl
from dataclasses import dataclass

from parking.config import Broker, Settings
from parking.ingest.mqtt.messages import FILTER


@dataclass(frozen=True, slots=True)
class Subscription:
    """A broker, the name under which it keeps messages for this instance, and its group."""

    broker: Broker
    client: str
    group: str | None
    tls: ssl.SSLContext | None

    @property
    def filter(self) -> str:
        """The topics, shared with the others of the group, if there is one."""
        return FILTER if self.group is None else f"$share/{self.group}/{FILTER}"


def subscription_of(settings: Settings) -> Subscription | None:
    """Give the subscription that is set, None without; OSError when certificates are unusable."""
    broker = settings.mqtt_url
    if broker is None:
        return None
    tls = ssl.create_default_context(cafile=settings.mqtt_ca) if broker.tls else None
    client = settings.mqtt_client or _client(socket.gethostname(), settings.port)
    return Subscription(broker, client, settings.mqtt_group, tls)


def _client(host: str, port: int) -> str:
    return f"parking-{re.sub(r'[^A-Za-z0-9._-]', '-', host)[:48]}-{port}"
