"""namespaces - a mount namespace of its own for a program of a test, where this machine lets us have one."""

from __future__ import annotations

import functools
import os
import subprocess

import pytest

# Root needs no user namespace, and a container may refuse one to everybody.
WAYS = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])


@functools.lru_cache(maxsize=None)
def _way() -> tuple[list[str] | None, str]:
    said = "unshare is not installed"
    for way in WAYS if os.geteuid() == 0 else WAYS[1:]:
        try:
            tried = subprocess.run([*way, "sh", "-c", "mount -t tmpfs none /run"], capture_output=True, text=True,
                                   timeout=30)
        except FileNotFoundError:
            break
        if tried.returncode == 0:
            return way, ""
        said = tried.stderr.strip()
    return None, said


def mount_namespace() -> list[str]:
    """Returns the words that give a command its own mounts; skips the test where that is not possible."""
    way, said = _way()
    if way is None:
        pytest.skip(f"no mount namespace can be had here: {said}")
    return way
