"""backend - the plain server behind all terminators: bench/echo_backend, on a core that is not the servers'."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from .processes import Child, Trouble, free_port

READY_WAIT_S = 5.0
READY_STEP_S = 0.01


class Backend:
    """Listening when this returns, on `port`, or a free one for 0."""

    def __init__(self, program: Path, cpus: list[int], port: int = 0) -> None:
        self.port = port or free_port()
        self._child = Child([str(program), "--listen", f"127.0.0.1:{self.port}"], cpus)
        try:
            self._wait_until_it_listens()
        except BaseException:
            self._child.stop()
            raise

    def _wait_until_it_listens(self) -> None:
        end = time.monotonic() + READY_WAIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._child.status is not None or time.monotonic() > end:
                    raise Trouble("the echo backend does not listen: is its port taken?") from None
            time.sleep(READY_STEP_S)

    def stop(self) -> None:
        self._child.stop()
