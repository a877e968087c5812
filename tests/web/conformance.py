"""Checking values against the OpenAPI document."""

from typing import Any

import jsonschema_rs

Json = dict[str, Any]


def resolve(described: Json, reference: str) -> Any:
    """Give what a reference in the document leads to; KeyError when it leads nowhere."""
    found: Any = described
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def validator(described: Json, schema: Json) -> jsonschema_rs.Draft202012Validator:
    """Give a validator of a schema whose references are the document's; formats count."""
    root = {**schema, "components": {"schemas": described["components"]["schemas"]}}
    return jsonschema_rs.Draft202012Validator(root, validate_formats=True)


def closed(value: Any) -> Any:
    """Give the document with answers closed, so that a field that is not described is found."""
    if isinstance(value, list):
        return [closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: closed(item) for name, item in value.items()}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made
