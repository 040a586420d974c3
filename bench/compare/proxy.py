"""proxy - chainmend with a configuration of our own, for what is measured of it alone."""

from __future__ import annotations

import time
from pathlib import Path

from .peers import READY_WAIT_S
from .processes import Child, Trouble


class Proxy:
    """Listening when this returns: `start_s` of wall-clock time after it was started."""

    def __init__(self, program: Path, config: Path, port: int, cpu: int) -> None:
        begun = time.monotonic()
        self.port = port
        self._child = Child([str(program), "run", "-c", str(config)], [cpu])
        if not self._child.listens_within(READY_WAIT_S, port):
            self._child.stop()
            raise Trouble("chainmend does not listen")
        self.start_s = time.monotonic() - begun

    @property
    def pid(self) -> int:
        return self._child.pid

    def stop(self) -> None:
        self._child.stop()
