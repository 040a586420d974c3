"""proxy - chainmend with a configuration of our own, for what is measured of it alone."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from .peers import READY_WAIT_S
from .processes import Child, Trouble

READY_STEP_S = 0.001


class Proxy:
    """Listening when this returns: `start_s` of wall-clock time after it was started."""

    def __init__(self, program: Path, config: Path, port: int, cpu: int) -> None:
        begun = time.monotonic()
        self.port = port
        self._child = Child([str(program), "run", "-c", str(config)], [cpu])
        try:
            self._wait_until_it_listens(begun + READY_WAIT_S)
        except BaseException:
            self._child.stop()
            raise
        self.start_s = time.monotonic() - begun

    @property
    def pid(self) -> int:
        return self._child.pid

    def _wait_until_it_listens(self, end: float) -> None:
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._child.status is not None or time.monotonic() > end:
                    raise Trouble("chainmend does not listen") from None
            time.sleep(READY_STEP_S)

    def stop(self) -> None:
        self._child.stop()
