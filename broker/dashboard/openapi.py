"""The description of what the dashboard answers to programs: OpenAPI 3.1, made from the types."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from broker.dashboard.answers import Answer, Fault
from broker.dashboard.office import Handler

_FAULTS = {400: "The request cannot be understood.", 401: "Nobody has signed in.", 404: "Nothing."}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What an address takes: name, what it means, the schema of its value."""

    name: str
    about: str
    schema: dict[str, Any]
    required: bool = False

    def described(self, path: str) -> dict[str, Any]:
        """The parameter as OpenAPI has it."""
        in_path = f"{{{self.name}}}" in path
        return {
            "name": self.name,
            "in": "path" if in_path else "query",
            "required": in_path or self.required,
            "description": self.about,
            "schema": self.schema,
        }


@dataclass(frozen=True, slots=True)
class Operation:
    """One address for programs: what it is for, what it takes, and the type of its answer."""

    path: str
    handler: Handler
    about: str
    answer: type[Answer]
    parameters: tuple[Parameter, ...] = ()


def describe(operations: Sequence[Operation], *, cookie: str) -> dict[str, Any]:
    """The whole description; `cookie` is the name of the one that a session goes by."""
    types: list[type[Answer]] = list(dict.fromkeys([Fault, *(one.answer for one in operations)]))
    schemas, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    references = dict(zip(types, schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Supplier switching: the operator's dashboard",
            "version": "1",
            "description": "The lists and figures of the dashboard. Times are UTC.",
        },
        "security": [{"session": []}, {"token": []}],
        "paths": {one.path: {"get": _described(one, references)} for one in operations},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _described(operation: Operation, references: dict[type[Answer], Any]) -> dict[str, Any]:
    name = operation.path.removeprefix("/api/").replace("/", "_").replace("{number}", "of")
    return {
        "operationId": name,
        "summary": operation.about,
        "parameters": [one.described(operation.path) for one in operation.parameters],
        "responses": {
            "200": _response("The answer.", references[operation.answer]),
            **{str(code): _response(text, references[Fault]) for code, text in _FAULTS.items()},
        },
    }


def _response(about: str, schema: object) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}
