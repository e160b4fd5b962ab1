"""Whether a value is what a JSON schema says: as much of it as the dashboard's description uses."""

from datetime import date, datetime
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
KNOWN = {
    *("$ref", "title", "description", "type", "enum", "anyOf", "items", "properties"),
    *("required", "additionalProperties", "format", "minimum"),
}


def faults(value: object, schema: dict[str, Any], document: dict[str, Any], at: str) -> list[str]:
    """What of the value is not as the schema says, with its place; a new keyword is a fault too."""
    unknown = sorted(set(schema) - KNOWN)
    if unknown:
        return [f"{at}: the check does not know {unknown}"]
    if "$ref" in schema:
        target: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return faults(value, target, document, at)
    if "anyOf" in schema:
        each = [faults(value, one, document, at) for one in schema["anyOf"]]
        return [] if [] in each else [f"{at}: {value!r} is none of {len(each)} kinds"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not listed"]
    if "type" in schema and not _is(value, schema["type"]):
        return [f"{at}: {value!r} is no {schema['type']}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [
            fault
            for place, one in enumerate(value)
            for fault in faults(one, items, document, f"{at}/{place}")
        ]
    if isinstance(value, dict):
        return _of_object(value, schema, document, at)
    return _of_format(value, schema.get("format"), at)


def _is(value: object, kind: str) -> bool:
    if kind in ("integer", "number"):
        allowed = (int,) if kind == "integer" else (int, float)
        return isinstance(value, allowed) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind])


def _of_object(
    value: dict[str, object], schema: dict[str, Any], document: dict[str, Any], at: str
) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in properties:
            found += faults(one, properties[name], document, f"{at}/{name}")
        elif schema.get("additionalProperties") is False:
            found.append(f"{at}: {name} is not described")
    return found


def _of_format(value: object, named: str | None, at: str) -> list[str]:
    reads = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}
    try:
        if named is not None:
            reads[named](str(value))
    except (KeyError, ValueError):
        return [f"{at}: {value!r} is no {named}"]
    return []
