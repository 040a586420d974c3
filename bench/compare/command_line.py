"""The command lines of the benches: wrong usage, an end by a signal, and benches that are run as modules."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, NoReturn

from .processes import Trouble

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
        name = Path(self.prog.split()[-1]).name.removesuffix(".sh")
        self.exit(EXIT_USAGE, f"{name}: {message}; see {self.prog} --help\n")


def existing_folder(text: str) -> Path:
    """The type of an option that names a folder."""
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: there is no such folder")
    return folder


def module_parser(module: str, doc: str | None) -> Parser:
    """The parser of a bench that is run as a module, by its docstring: it takes --build."""
    parser = Parser(prog=f"python3 -m {module}", description=(doc or "").split("\n\n", 1)[1],
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=existing_folder, default=Path("build/release"), metavar="DIR")
    return parser


def run_module(name: str, run: Callable[[argparse.Namespace, Path], None], options: argparse.Namespace) -> int:
    """Runs `run` with a folder that is removed afterwards; the exit status."""
    try:
        with tempfile.TemporaryDirectory(prefix=f"chainmend-{name.replace('_', '-')}-") as folder:
            run(options, Path(folder))
    except (Trouble, subprocess.CalledProcessError) as trouble:
        print(f"{name}: {trouble}", file=sys.stderr)
        return 1
    return 0


def stop_on_signals() -> None:
    """Lets the first signal raise Stopped; the ones behind it are ignored, so that all is put away in peace."""
    for number in SIGNALS:
        signal.signal(number, _on_signal)


def _on_signal(number: int, _: object) -> NoReturn:
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)
