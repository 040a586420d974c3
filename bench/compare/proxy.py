"""proxy - chainmend with a configuration of our own, for what is measured of it alone."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Iterable, Sequence

from .peers import READY_WAIT_S
from .processes import Child, Trouble

LAST_WORDS = 300


class Proxy:
    """Listening when this returns: `start_s` of wall-clock time after it was started. What it says goes to a file
    beside its configuration. `tool` is a command that it runs under (valgrind, say)."""

    def __init__(self, program: Path, config: Path, port: int, cpus: Iterable[int], tool: Sequence[str] = (),
                 environment: dict[str, str] | None = None) -> None:
        begun = time.monotonic()
        self.port = port
        output = config.with_suffix(".output")
        with output.open("w") as log:
            self._child = Child([*tool, str(program), "run", "-c", str(config)], cpus, stdout=log,
                                stderr=subprocess.STDOUT, environment=environment)
        if not self._child.listens_within(READY_WAIT_S, port):
            self._child.stop()
            said = output.read_text(errors="replace").strip()[-LAST_WORDS:]
            raise Trouble(f"chainmend does not listen: {said or 'it said nothing'}")
        self.start_s = time.monotonic() - begun

    @property
    def pid(self) -> int:
        return self._child.pid

    def stop(self) -> None:
        self._child.stop()
