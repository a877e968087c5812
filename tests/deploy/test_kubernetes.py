"""What stands in deploy/kustomize fits the service: probes, ports, networks, the job, the metric.

That it can be built, and is what Kubernetes takes, `make check-deploy` holds against its schemas.
"""

from typing import Any

import pytest
import yaml

from parking import metrics
from parking.config import Settings
from tests.service import CHECKOUT
from tests.web.test_openapi import all_routes

KUSTOMIZE = CHECKOUT / "deploy" / "kustomize"
PORT = Settings.model_fields["port"].default
Json = dict[str, Any]


def load(*path: str) -> list[Json]:
    text = KUSTOMIZE.joinpath(*path).read_text("utf-8")
    return [document for document in yaml.safe_load_all(text) if document]


@pytest.fixture(scope="module")
def pod() -> Json:
    (deployment,) = load("base", "deployment.yaml")
    template: Json = deployment["spec"]["template"]
    return template


@pytest.fixture(scope="module")
def container(pod: Json) -> Json:
    (one,) = pod["spec"]["containers"]
    found: Json = one
    return found


def selects(policy: Json, labels: Json) -> bool:
    return bool(policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items())


def reached(policy: Json) -> set[tuple[str, int]]:
    return {
        (port["protocol"], port["port"])
        for rule in policy["spec"].get("egress", [])
        for port in rule["ports"]
    }


def test_probes_ask_what_the_service_answers(container: Json) -> None:
    paths = {route.path for route in all_routes() if route.method == "GET"}
    (port,) = container["ports"]
    assert port["containerPort"] == PORT
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["path"] in paths
        assert asked["port"] == port["name"]
    # one that is alive shows drivers what it knows, even without the database
    assert container["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    spent = (
        container["startupProbe"]["periodSeconds"] * container["startupProbe"]["failureThreshold"]
    )
    assert spent >= 300  # as long as PostgreSQL may take to recover


def test_network_lets_through_what_is_needed_and_no_more(pod: Json) -> None:
    serving, migrating = load("base", "network.yaml")
    (job,) = load("base", "migrate.yaml")
    of_job = job["spec"]["template"]["metadata"]["labels"]
    of_pod = pod["metadata"]["labels"]
    assert (selects(serving, of_pod), selects(serving, of_job)) == (True, False)
    assert (selects(migrating, of_pod), selects(migrating, of_job)) == (False, True)
    dns = {("UDP", 53), ("TCP", 53)}
    assert reached(serving) == dns | {("TCP", 5432), ("TCP", 1883), ("TCP", 8883)}
    assert reached(migrating) == dns | {("TCP", 5432)}
    (coming,) = serving["spec"]["ingress"]
    assert coming["ports"] == [{"protocol": "TCP", "port": PORT}]
    assert coming["from"]  # not from anywhere
    assert "ingress" not in migrating["spec"]
    for policy in (serving, migrating):
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_polls_may_reach_out_where_they_are_wanted(pod: Json) -> None:
    (policy,) = load("components", "connectors", "network.yaml")
    assert selects(policy, pod["metadata"]["labels"])
    assert reached(policy) == {("TCP", 443)}


def test_connectors_are_a_file_that_is_mounted() -> None:
    (component,) = load("components", "connectors", "kustomization.yaml")
    (made,) = component["configMapGenerator"]
    (patch,) = component["patches"]
    added = {step["path"].split("/")[-2]: step["value"] for step in yaml.safe_load(patch["patch"])}
    folder, _, file = added["env"]["value"].rpartition("/")
    assert added["env"]["name"] == "PARKING_CONNECTORS"
    assert added["volumeMounts"]["mountPath"] == folder
    assert added["volumeMounts"]["name"] == added["volumes"]["name"]
    assert added["volumes"]["configMap"]["name"] == made["name"]
    assert made["files"] == [file]


def test_the_job_migrates_as_the_owner_and_the_pods_do_not(container: Json) -> None:
    (job,) = load("base", "migrate.yaml")
    (migrating,) = job["spec"]["template"]["spec"]["containers"]
    assert (migrating["args"], container["args"]) == (["migrate"], ["serve"])
    keys = {
        item["path"]
        for source in job["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]
        for item in source["secret"]["items"]
    }
    assert keys == {"PARKING_DATABASE_URL", "PARKING_MIGRATION_URL"}
    (deployment,) = load("base", "deployment.yaml")
    assert "parking-migration" not in str(deployment)


def test_one_may_go_at_a_time(pod: Json) -> None:
    (budget,) = load("base", "disruption.yaml")
    (deployment,) = load("base", "deployment.yaml")
    assert deployment["spec"]["replicas"] >= 2
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    (scaling,) = load("overlays", "production", "scaling.yaml")
    assert scaling["spec"]["minReplicas"] >= 2


def test_all_that_runs_is_confined(pod: Json, container: Json) -> None:
    (job,) = load("base", "migrate.yaml")
    (migrating,) = job["spec"]["template"]["spec"]["containers"]
    for spec in (pod["spec"], job["spec"]["template"]["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
    for one in (container, migrating):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert one["resources"]["limits"]["memory"]


def test_prometheus_finds_the_pods(pod: Json, container: Json) -> None:
    text = CHECKOUT.joinpath("deploy", "prometheus", "kubernetes.yml").read_text("utf-8")
    (job,) = yaml.safe_load(text)["scrape_configs"]
    assert job["job_name"] == "parking"  # which the alerts ask for
    kept = next(one for one in job["relabel_configs"] if one.get("action") == "keep")
    values = {
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": "app.kubernetes.io/name",
        "__meta_kubernetes_pod_label_app_kubernetes_io_component": "app.kubernetes.io/component",
    }
    labels = pod["metadata"]["labels"]
    have = {source: labels[label] for source, label in values.items()}
    have["__meta_kubernetes_pod_container_port_name"] = container["ports"][0]["name"]
    assert kept["separator"].join(have[source] for source in kept["source_labels"]) == kept["regex"]
    given = {one["target_label"] for one in job["relabel_configs"] if "target_label" in one}
    assert given == {"namespace", "pod", "instance"}


def test_the_autoscaler_asks_for_what_is_measured() -> None:
    (rules,) = load("overlays", "production", "metrics.yaml")
    (rule,) = rules["rules"]["custom"]
    (family,) = metrics.request_seconds.describe()
    assert f"rate({family.name}_sum{{" in rule["metricsQuery"]
    assert {"method", "route"} <= set(metrics.request_seconds._labelnames)
    for label in rule["resources"]["overrides"]:
        assert f'{label}!=""' in rule["seriesQuery"]
    (scaling,) = load("overlays", "production", "scaling.yaml")
    (metric,) = scaling["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"]
