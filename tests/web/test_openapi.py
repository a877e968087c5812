"""The OpenAPI document: a valid one, of all routes, and true of what the service answers."""

import hashlib
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from unittest.mock import Mock

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from parking.web.calls import Answer, Route
from parking.web.openapi import document
from parking.web.routes import ANYONE, list_routes
from tests.web.conformance import closed, resolve, validator

PARTS = (
    "lots", "availability", "nearby", "streams", "events", "connect", "sensors", "spaces", "recent",
    "usage", "quality", "keys", "audit", "devices", "lorawan", "rejections", "health", "documents",
    "site",
)  # fmt: skip
FOREIGN = {"ChirpstackEvent", "TtsMessage"}  # documents of others, who may add to them
TOLD_IN_TEXT = {"Subscribe", "StreamMessage"}  # a WebSocket's messages have no place in OpenAPI
Json = dict[str, Any]


def all_routes() -> list[Route]:
    return list_routes(**{part: Mock() for part in PARTS})


@pytest.fixture(scope="module")
def described() -> Json:
    made = document(all_routes())
    read: Json = json.loads(json.dumps(made))
    assert read == made, "the document is not JSON"
    return read


def walk(value: Any, path: str = "#") -> Iterator[tuple[str, Json]]:
    """Give every object of the document with its place."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from walk(item, f"{path}/{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{path}/{index}")


def operations(described: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_it_is_valid_openapi(described: Json) -> None:
    assert described["openapi"] == "3.1.0"
    jsonschema_rs.Draft202012Validator(OPENAPI_31).validate(described)


def test_its_components_are_valid_schemas(described: Json) -> None:
    for schema in described["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )


def test_it_describes_all_routes_and_nothing_else(described: Json) -> None:
    found = {(method.upper(), path) for path, method, _ in operations(described)}
    assert found == {(route.method, route.path) for route in all_routes()}


def test_operations_have_names_of_their_own(described: Json) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def test_references_lead_somewhere_and_nothing_is_left_over(described: Json) -> None:
    used = {item["$ref"] for _, item in walk(described) if isinstance(item.get("$ref"), str)}
    for reference in used:
        resolve(described, reference)
    schemas = {name.removeprefix("#/components/schemas/") for name in used}
    assert set(described["components"]["schemas"]) - schemas == TOLD_IN_TEXT


def test_access_and_failures_are_those_of_the_table(described: Json) -> None:
    for route in all_routes():
        operation = described["paths"][route.path][route.method.lower()]
        answers = set(operation["responses"])
        assert ("security" in operation) == (route.rule.roles is not None)
        assert ({"401", "403"} <= answers) == (route.rule.roles is not None)
        assert ({"413", "415"} <= answers) == (route.body is not None)
        assert ("503" in answers) == (not route.early or route.path == "/readyz")
        assert {str(answer.status) for answer in route.answers} <= answers
        parts = re.findall(r"{(\w+)}", route.path)
        parameters = operation.get("parameters", [])
        assert [p["name"] for p in parameters if p["in"] == "path"] == parts


def test_failures_are_problems(described: Json) -> None:
    for _, _, operation in operations(described):
        for status, answer in operation["responses"].items():
            if status >= "400":
                content = resolve(described, answer["$ref"])["content"]
                assert set(content) == {"application/problem+json"}


def test_requests_are_closed_and_patterns_are_those_of_json_schema(described: Json) -> None:
    bodies = [
        media["schema"]["$ref"]
        for path, _, operation in operations(described)
        for name, media in operation.get("requestBody", {"content": {}})["content"].items()
        if name == "application/json" and not path.startswith("/v1/connect/")  # others' formats
    ]
    assert len(bodies) == 7
    own = [body for body in bodies if body.rpartition("/")[2] not in FOREIGN]
    assert len(own) == 5
    for body in [*own, "#/components/schemas/Subscribe", "#/components/schemas/Event"]:
        assert_closed(described, body)
    assert r"\\Z" not in json.dumps(described)


def assert_closed(described: Json, reference: str) -> None:
    for path, item in walk(resolve(described, reference)):
        if "properties" in item and "type" in item:
            assert item.get("additionalProperties") is False, (reference, path)
        inner = item.get("$ref")
        if isinstance(inner, str):
            assert_closed(described, inner)


def test_parameters_are_left_out_rather_than_null(described: Json) -> None:
    for _, _, operation in operations(described):
        for parameter in operation.get("parameters", []):
            assert "null" not in json.dumps(parameter["schema"])


def test_every_field_of_an_event_is_explained(described: Json) -> None:
    schemas = described["components"]["schemas"]
    kinds = schemas["Event"]["discriminator"]["mapping"].values()
    assert len(kinds) == 8
    for kind in kinds:
        for field in resolve(described, kind)["properties"].values():
            assert field["description"]


def test_examples_are_valid(described: Json) -> None:
    count = 0
    for path, item in walk(described):
        if path.startswith("#/components/schemas/") and isinstance(item.get("examples"), list):
            schema, examples = item, item["examples"]
        elif "schema" in item and "example" in item:
            schema, examples = item["schema"], [item["example"]]
        else:
            continue
        for example in examples:
            validator(closed(described), schema).validate(example)
            count += 1
    assert count > 30


def test_events_that_the_service_refuses_are_no_events(described: Json) -> None:
    event = validator(described, {"$ref": "#/components/schemas/Event"})
    base = {"lot": "p1", "observed_at": "2026-11-23T00:31:07Z"}
    assert event.is_valid({**base, "type": "count", "free": 3})
    for wrong in (
        {"type": "count"},
        {"type": "count", "free": 3, "occupied": 4},
        {"type": "heartbeat", "space": "a", "zone": "b"},
        {"type": "passage", "direction": "in", "count": 0},
        {"type": "space", "space": "a", "occupied": 1},
        {"type": "space", "space": "a", "occupied": True, "colour": "red"},
        {"type": "space", "space": "a\n", "occupied": True},
        {"type": "honk"},
    ):
        assert not event.is_valid({**base, **wrong}), wrong


def test_an_answer_that_nobody_described_is_an_error() -> None:
    route = Route(
        "GET", "/v1/x", Mock(), "X", "drivers", (Answer(200, "An x", "Unheard"),), rule=ANYONE
    )
    with pytest.raises(KeyError, match="Unheard"):
        document([route])


def test_the_page_needs_nobody_else() -> None:
    static = files("parking.web").joinpath("static")
    page = static.joinpath("docs.html").read_text()
    assert not re.search(r"https?:|//", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert all(
        text.strip() == "" for text in re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    )
    assert "http" not in static.joinpath("docs.js").read_text()


def test_what_is_vendored_is_what_the_manifest_says() -> None:
    vendor = files("parking.web").joinpath("static", "vendor")
    lines = vendor.joinpath("MANIFEST.sha256").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    for name, digest in listed.items():
        found = vendor.joinpath(*name.split("/")).read_bytes()
        assert hashlib.sha256(found).hexdigest() == digest, name
    kept = {
        f"{folder.name}/{file.name}"
        for folder in vendor.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
    }
    assert set(listed) == kept
    for folder in {name.partition("/")[0] for name in kept}:
        assert any(name.startswith(f"{folder}/LICENSE") for name in kept), folder
