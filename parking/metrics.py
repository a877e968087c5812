"""What can be watched, as Prometheus metrics. Labels are bounded; lots appear only as gauges."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

events = Counter(
    "parking_events",
    "Events received, by type and outcome (accepted, duplicate or the code of a rejection)",
    ["type", "outcome"],
    registry=registry,
)
commit_seconds = Histogram(
    "parking_commit_seconds", "Time of one group commit", buckets=_FAST, registry=registry
)
commit_rows = Histogram(
    "parking_commit_rows",
    "Events in one group commit",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000),
    registry=registry,
)
commit_failures = Counter(
    "parking_commit_failures", "Group commits that the database did not confirm", registry=registry
)
log_lag = Gauge(
    "parking_log_lag_events",
    "Events in the log that the board has not yet taken in",
    registry=registry,
)
queue_depth = Gauge(
    "parking_commit_queue_events", "Events waiting for their commit", registry=registry
)
Count = Counter
"""A counter of one set of labels."""

Timer = Histogram
"""A histogram of one set of labels."""

request_seconds = Histogram(
    "parking_request_seconds",
    "Time of a request, by route",
    ["method", "route", "status"],
    buckets=_FAST,
    registry=registry,
)
lorawan_messages = Counter(
    "parking_lorawan_messages",
    "Messages of LoRaWAN network servers: `read`, `acknowledged` or the code of a refusal",
    ["source", "kind", "outcome"],
    registry=registry,
)
stream_clients = Gauge(
    "parking_stream_clients", "Clients that follow changes", ["protocol"], registry=registry
)
database_up = Gauge("parking_database_up", "Whether the database answers", registry=registry)
database_size = Gauge(
    "parking_database_size_bytes", "Size of the database, in bytes", registry=registry
)
checkpoint_lots_behind = Gauge(
    "parking_checkpoint_lots_behind",
    "Lots with hours that should be worked up by now, and are not",
    registry=registry,
)
usage_differences = Counter(
    "parking_usage_differences_total",
    "Hours of usage that a nightly check found stored wrong, and mended.",
    registry=registry,
)
dead_letters = Counter(
    "parking_dead_letters",
    "Refused items kept for operators to look at, by how they came and why",
    ["source", "code"],
    registry=registry,
)
dead_letters_dropped = Counter(
    "parking_dead_letters_dropped",
    "Refused items that were not kept: more came than the database took",
    registry=registry,
)
mqtt_connected = Gauge(
    "parking_mqtt_connected", "Whether the broker's messages come in", ["broker"], registry=registry
)
mqtt_failures = Counter(
    "parking_mqtt_failures",
    "Times that the broker could not be reached, refused, or was lost",
    registry=registry,
)
mqtt_messages = Counter(
    "parking_mqtt_messages",
    "Messages by what became of them: stored, or poisoned (a dead letter)",
    ["outcome"],
    registry=registry,
)
mqtt_in_flight = Gauge(
    "parking_mqtt_in_flight", "Messages delivered and not yet acknowledged", registry=registry
)
connector_messages = Counter(
    "parking_connector_messages",
    "Messages of operators' systems, pushed or polled, by what became of them",
    ["connector", "outcome"],
    registry=registry,
)
connector_events = Counter(
    "parking_connector_events",
    "Events of such messages: accepted, duplicate, rejected; and parts without any: unread",
    ["connector", "outcome"],
    registry=registry,
)
connector_observed = Gauge(
    "parking_connector_newest_observed_timestamp_seconds",
    "The newest time of measurement that a connector's source has told: of a dead feed it stands",
    ["connector"],
    registry=registry,
)
poll_requests = Counter(
    "parking_poll_requests",
    "Requests to systems that are polled: changed, unchanged, or the kind of failure",
    ["connector", "outcome"],
    registry=registry,
)
poll_succeeded = Gauge(
    "parking_poll_last_success_timestamp_seconds",
    "When a system that is polled last gave an answer that could be used",
    ["connector"],
    registry=registry,
)
