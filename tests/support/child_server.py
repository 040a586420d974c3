"""child_server - somebody else's server as a child process, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path
from typing import Iterator

from program import is_listening

START_WAIT_S, STOP_WAIT_S = 60.0, 10.0


@contextlib.contextmanager
def running(arguments: list[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server that listens on `port`; its output goes to `log`. Its input stays open, since some end with it."""
    with log.open("wb") as out:
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + START_WAIT_S
        while not is_listening(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{arguments[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
