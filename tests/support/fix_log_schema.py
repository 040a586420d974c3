"""fix_log_schema - holds a line of the fix log against docs/fix-log.schema.json."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import jsonschema

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "fix-log.schema.json").read_text())
_validator = jsonschema.Draft202012Validator(SCHEMA)


@lru_cache(maxsize=4096)
def what_is_wrong(line: str) -> str:
    """Nothing, or what docs/fix-log.schema.json does not allow in this line."""
    try:
        value = json.loads(line)
    except json.JSONDecodeError as why:
        return f"a line of the fix log is no JSON: {why}: {line[:500]}"
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in _validator.iter_errors(value)]
    return f"docs/fix-log.schema.json does not allow this line: {errors}: {line[:2000]}" if errors else ""
