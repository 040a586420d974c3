"""fix_log_schema - holds a line of the fix log against docs/fix-log.schema.json."""

from __future__ import annotations

import json
from functools import lru_cache

from schemas import errors


@lru_cache(maxsize=4096)
def what_is_wrong(line: str) -> str:
    """Nothing, or what docs/fix-log.schema.json does not allow in this line."""
    try:
        value = json.loads(line)
    except json.JSONDecodeError as why:
        return f"a line of the fix log is no JSON: {why}: {line[:500]}"
    found = errors("fix-log.schema.json", value)
    return f"docs/fix-log.schema.json does not allow this line: {found}: {line[:2000]}" if found else ""
