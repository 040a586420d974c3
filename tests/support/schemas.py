"""schemas - validators of the JSON Schemas in docs/, which refer to each other by their files' names."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMAS = {path.name: json.loads(path.read_text()) for path in sorted(DOCS.glob("*.schema.json"))}


def validator(name: str, part: str | None = None) -> jsonschema.Draft202012Validator:
    """Of docs/NAME, or of one definition in it. An unknown reference is an error: nothing else is read."""
    schema = SCHEMAS[name] if part is None else {"$ref": f"{name}#/$defs/{part}"}
    resolver = jsonschema.RefResolver(name, SCHEMAS[name], store=SCHEMAS)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def errors(name: str, value: object, part: str | None = None) -> list[str]:
    """Returns all that docs/NAME does not allow in this value, each with its path."""
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in validator(name, part).iter_errors(value)]


def references(schema: object) -> set[str]:
    """Every $ref of a schema."""
    if isinstance(schema, list):
        return set().union(*map(references, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*map(references, schema.values())) if schema else own
