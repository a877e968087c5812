"""The OpenAPI 3.1 document, made from the route table: what it says is what the gate enforces."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from parking.web import examples
from parking.web.calls import Answer, Forms, Route
from parking.web.connect_schemas import CONNECT_EXAMPLES
from parking.web.event_schemas import ID, REF, Schema
from parking.web.limits import UNLIMITED
from parking.web.lorawan_schemas import EUI
from parking.web.params import Query
from parking.web.schemas import components, tidy

_PACKAGE = "smart-parking-availability"
_UNCACHED = ("/v1/usage", "/v1/stream", "/v1/ws", "/healthz", "/readyz", "/metrics")
_PROBLEMS = {
    400: "The request is not valid; `errors` tells where",
    401: "A valid key is needed",
    403: "This key may not do that",
    404: "There is no such thing",
    406: "That format is not to be had",
    408: "The body took too long to come",
    409: "The request contradicts what is there",
    410: "That moment is before what is retained",
    413: "The body is larger than 8 MiB after decompression, or holds too many events",
    415: "That media type or encoding is not understood",
    429: "Too many requests in too short a time, where the service is set up to count them",
    503: "Not now: the service is starting, overloaded, or cannot reach its database",
}
_HEADERS: dict[str, Schema] = {
    "X-Request-Id": {"description": "names this request", "schema": {"type": "string"}},
    "ETag": {"description": "validator for If-None-Match", "schema": {"type": "string"}},
    "Cache-Control": {"description": "who may keep this", "schema": {"type": "string"}},
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "string"}},
    "RateLimit": {"description": "what is left of the quota", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "the quota", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "how to show a key", "schema": {"type": "string"}},
}


def document(routes: Sequence[Route], prefix: str = "") -> dict[str, Any]:
    """Give the document that describes these routes, which lie below `prefix`.

    KeyError for an answer nobody described.
    """
    bodies = [route.body for route in routes if isinstance(route.body, type)]
    schemas = components(bodies)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Smart parking availability",
            "summary": "Occupancy events in, true free spaces out",
            "description": examples.ABOUT,
            "version": version(_PACKAGE),
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": prefix or "/", "description": "the one this document comes from"}],
        "tags": [
            {"name": tag, "description": examples.TAGS.get(tag, tag)}
            for tag in dict.fromkeys(route.tag for route in routes)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {_name(status): _problem(status) for status in _PROBLEMS},
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key, as `POST /v1/keys` or `parking keys create` shows it.",
                },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "A key as the password, for machines that cannot send Bearer. "
                    "Browsers' requests (with an `Origin`) are not let in by it.",
                },
            },
        },
    }


def _operation(route: Route, schemas: dict[str, Schema]) -> dict[str, Any]:
    parameters = [*_path_parameters(route), *_query_parameters(route.query), *_headers(route)]
    made: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
    }
    text = examples.DESCRIPTIONS.get(f"{route.method} {route.path}", "")
    if route.rule.roles is not None:
        roles = ", ".join(f"`{role}`" for role in route.rule.roles)
        text = f"{text} For the roles {roles}.".strip()
        made["security"] = [{"bearer": []}, {"basic": []}]
        if route.by_secret:
            text += " Or with the secret of a connector, as the file of connectors names it."
    if text:
        made["description"] = text
    if parameters:
        made["parameters"] = parameters
    if route.body is not None:
        made["requestBody"] = _body(route.body)
    made["responses"] = {
        **_successes(route, schemas),
        **({"304": _unchanged()} if _is_cached(route) else {}),
        **{str(status): {"$ref": f"#/components/responses/{_name(status)}"}
           for status in _failures(route)},
    }  # fmt: skip
    return made


def _successes(route: Route, schemas: dict[str, Schema]) -> dict[str, Any]:
    """Give the answers by status; those of one status are other forms of the same."""
    made: dict[str, Any] = {}
    for answer in route.answers:
        told = _answer(route, answer, schemas)
        known = made.setdefault(str(answer.status), told)
        known.setdefault("content", {}).update(told.get("content", {}))
        if not known["content"]:
            del known["content"]
    return made


def _operation_id(route: Route) -> str:
    path = route.path.removeprefix("/v1/").strip("/") or "start"
    words = path.replace(".", "/").split("/")
    names = [f"by_{word[1:-1]}" if word[0] == "{" else word for word in words]
    return "_".join([route.method.lower(), *names])


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for part in route.path.split("/"):
        if part.startswith("{"):
            name = part[1:-1]
            text, example = examples.PATH_PARTS.get(name, (f"id of the {name}", name))
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "description": text,
                "schema": EUI if name == "dev_eui" else ID,
                "example": example,
            }


def _query_parameters(query: type[Query]) -> Iterator[dict[str, Any]]:
    shape = tidy(query.model_json_schema())
    for name, schema in shape.get("properties", {}).items():
        made = _stated(schema)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in shape.get("required", ()),
            "schema": made,
        }
        if "description" in made:
            parameter["description"] = made.pop("description")
        if made.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        yield parameter


def _stated(schema: Schema) -> Schema:
    """Give the schema of a parameter that is there: leaving it out is the only null."""
    made = dict(schema)
    options = [option for option in made.pop("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        made = {**options[0], **made}
    elif options:
        made["anyOf"] = options
    if made.get("default", ...) is None:
        del made["default"]
    return made


def _headers(route: Route) -> Iterator[dict[str, Any]]:
    texts = {name: examples.HEADERS.get(name, name) for name in route.headers}
    if _is_cached(route):
        texts["If-None-Match"] = "ETags of what the caller has; 304 when one still holds"
    for name, text in texts.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": text,
            "schema": {"type": "string"},
        }


def _body(body: type[BaseModel] | str | Forms) -> dict[str, Any]:
    """Give a request body: of a model or component, in forms of others, or `Events`."""
    if isinstance(body, Forms):
        content = {media: _media(name) for media, name in body.media.items()}
        return {"required": True, "description": body.text, "content": content}
    if body != "Events":
        name = body if isinstance(body, str) else body.__name__
        return {"required": True, "content": {"application/json": _media(name)}}
    lines = {
        "contentMediaType": "application/x-ndjson",
        "description": "One event a line, each as the schema Event has it. Blank lines are "
        "skipped; a line that is not an event costs only itself.",
    }
    return {
        "required": True,
        "description": "May come with `Content-Encoding: gzip`. As lines:\n\n```\n"
        f"{examples.LINES_EXAMPLE}```",
        "content": {
            "application/json": _media("EventList"),
            "application/x-ndjson": {"schema": lines},
        },
    }


def _media(name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"schema": {"$ref": REF + name}}
    found = examples.SCHEMA_EXAMPLES.get(name) or CONNECT_EXAMPLES.get(name)
    if found:
        made["example"] = found[0]
    return made


def _is_cached(route: Route) -> bool:
    return route.method == "GET" and route.rule.roles is None and route.path not in _UNCACHED


def _answer(route: Route, answer: Answer, schemas: dict[str, Schema]) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if _is_cached(route):
        names += ["ETag", "Cache-Control"]
    made: dict[str, Any] = {"description": answer.description, "headers": _header_refs(names)}
    if isinstance(answer.schema, str):
        if answer.schema not in schemas:
            raise KeyError(f"{route.method} {route.path} answers {answer.schema}: describe it")
        made["content"] = {answer.media: _media(answer.schema)}
    elif answer.schema is not None:
        made["content"] = {answer.media: {"schema": answer.schema}}
    return made


def _unchanged() -> dict[str, Any]:
    return {
        "description": "What the caller has still holds",
        "headers": _header_refs(["X-Request-Id", "ETag", "Cache-Control"]),
    }


def _failures(route: Route) -> list[int]:
    """Give the statuses of failures: of the gate, of reading the body, and the route's own."""
    found = {400, *route.errors}  # no route takes a parameter that it does not know
    if route.rule.roles is not None:
        found |= {401, 403}
    if route.body is not None:
        found |= {408, 413, 415}
    if not route.early:
        found.add(503)
    if route.path not in UNLIMITED:
        found.add(429)
    return sorted(found)


def _problem(status: int) -> dict[str, Any]:
    names = ["X-Request-Id"]
    names += {
        401: ["WWW-Authenticate"],
        429: ["RateLimit", "RateLimit-Policy", "Retry-After"],
        503: ["Retry-After"],
    }.get(status, [])
    return {
        "description": _PROBLEMS[status],
        "headers": _header_refs(names),
        "content": {"application/problem+json": {"schema": {"$ref": REF + "Problem"}}},
    }


def _header_refs(names: Sequence[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
