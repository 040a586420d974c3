"""backend - the plain server behind all terminators: bench/echo_backend, on a core that is not the servers'."""

from __future__ import annotations

from pathlib import Path

from .processes import Child, Trouble, free_port

READY_WAIT_S = 5.0


class Backend:
    """Listening when this returns, on `port`, or a free one for 0."""

    def __init__(self, program: Path, cpus: list[int], port: int = 0) -> None:
        self.port = port or free_port()
        self._child = Child([str(program), "--listen", f"127.0.0.1:{self.port}"], cpus)
        if not self._child.listens_within(READY_WAIT_S, self.port):
            self._child.stop()
            raise Trouble("the echo backend does not listen: is its port taken?")

    def stop(self) -> None:
        self._child.stop()
