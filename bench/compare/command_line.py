"""What the command lines of the benches share: wrong usage, and an end by a signal."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import NoReturn

EXIT_USAGE, EXIT_SIGNAL = 64, 128
SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM


class Stopped(BaseException):
    """A signal came, or the time is up (SIGALRM): what runs is to be put away. Nobody catches it by chance."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def name(self) -> str:
        return signal.Signals(self.number).name

    @property
    def status(self) -> int:
        return EXIT_SIGNAL + self.number


class Parser(argparse.ArgumentParser):
    """Ends with status 64 after wrong usage, as everything in this project does."""

    def error(self, message: str) -> NoReturn:
        script = Path(self.prog)
        self.exit(EXIT_USAGE, f"{script.stem}: {message}; see {script} --help\n")


def stop_on_signals() -> None:
    """Lets the first signal raise Stopped; the ones behind it are ignored, so that all is put away in peace."""
    for number in SIGNALS:
        signal.signal(number, _on_signal)


def _on_signal(number: int, _: object) -> NoReturn:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)
