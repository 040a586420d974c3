"""The command line of bench/compare.sh, and a whole run."""

from __future__ import annotations

import argparse
import datetime
import random
import signal
import sys
import time
from pathlib import Path
from typing import Callable

from .bars import judge
from .budget import Budget, Deadline
from .cases import CASES, Case, select
from .command_line import Parser, Stopped, stop_on_signals
from .machine import QUIET, Noise, describe_machine, openssl_version
from .page import update
from .paired import measure_mended, measure_paired
from .peers import TABLE, Peer, find_program, read_table
from .plots import draw
from .processes import Trouble, raise_descriptor_limit
from .results import Result, Row, Run, to_json
from .singles import calls_a_transaction, idle_kilobytes, measure_singly
from .stage import IDLE_CONNECTIONS, Stage
from .table import text
from .tail import OVERHEAD as TAIL_OVERHEAD
from .tail import measure_tail

BENCH = Path(__file__).resolve().parents[1]
PUBLISHED = BENCH / "results"
FULL_S, QUICK_S, MAX_S = 840.0, 170.0, 870.0
QUICK_IDLE = 2000
MAX_TAIL_S = 3600.0
GRACE_S = 25.0  # beyond the time of a run, after which it is ended by force
EXIT_FAILURE = 1

MEASURES: dict[str, Callable[[Stage, Case, Deadline, random.Random], Result]] = {
    "transaction": measure_paired,
    "bulk": measure_paired,
    "mended": measure_mended,
    "calls": measure_singly(calls_a_transaction),
    "idle": measure_singly(idle_kilobytes),
}


def read_options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="bench/compare.sh", allow_abbrev=False, description=(
        "Terminators side by side on this machine, over loopback: what each costs, as ratios to the limit and to "
        "each other. 15 minutes at the most. Results go to bench/results/ and bench/README.md after a whole run, "
        "else to build/compare/."), epilog=f"Cases: {', '.join(case.name for case in CASES)}.")
    add = parser.add_argument
    add("--quick", action="store_true", help=f"everything in some {QUICK_S / 60:.0f} minutes, for a first look")
    add("--seconds", type=float, help=f"the time for all of it, at most {MAX_S:.0f}; {FULL_S:.0f} by default")
    add("--only", action="append", default=[], metavar="CASE", help="a case, or the beginning of several; repeatable")
    add("--peers", metavar="NAME,...", help="of the table, besides its first one, which is the reference")
    add("--table", type=Path, metavar="FILE", help="further peers, in the form of bench/peers/peers.table")
    add("--backend-port", type=int, default=0, metavar="PORT", help="for servers that run already")
    add("--tail-seconds", type=float, default=0, metavar="S",
        help=f"the tail test's time for each server, beside the rest; {MAX_TAIL_S:.0f} at the most")
    add("--build", type=Path, default=BENCH.parent / "build" / "release", metavar="DIR",
        help="what was built is there: nothing is built")
    add("--out", type=Path, metavar="DIR", help="where JSON and pictures go")
    add("--seed", type=int, help="of the random order")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or (QUICK_S if options.quick else FULL_S)
    if not 0 < options.seconds <= MAX_S:
        parser.error(f"--seconds: above 0, and {MAX_S:.0f} at the most")
    if not 0 <= options.tail_seconds <= MAX_TAIL_S:
        parser.error(f"--tail-seconds: {MAX_TAIL_S:.0f} at the most")
    try:
        options.cases = select(options.only)
    except ValueError as error:
        parser.error(f"--only: {error}")
    return options


def choose_peers(options: argparse.Namespace) -> list[Peer]:
    """Those of the tables that were asked for and are installed; the first of all is the reference."""
    peers = read_table(TABLE, options.build.resolve())
    if options.table:
        peers += read_table(options.table, options.build.resolve())
    if options.peers:
        wanted = options.peers.split(",")
        unknown = [name for name in wanted if name not in [peer.name for peer in peers]]
        if unknown:
            known = ", ".join(peer.name for peer in peers)
            raise Trouble(f"{', '.join(unknown)}: not in the table, which has {known}")
        peers = [peers[0]] + [peer for peer in peers[1:] if peer.name in wanted]
    found = []
    for peer in peers:
        if peer.runs_already or find_program(peer):
            found.append(peer)
        elif peer is peers[0]:
            raise Trouble(f"{peer.program} is not there: build it first (cmake --build {options.build})")
        else:
            say(f"{peer.name} is not installed: left out")
    return found


def measure(options: argparse.Namespace, peers: list[Peer]) -> Run:
    """What takes as long as it takes comes first; what is left is dealt out to the others."""
    dice = random.Random(options.seed)
    started = time.monotonic()
    cases = sorted(options.cases, key=lambda case: case.takes_a_share)
    idle = QUICK_IDLE if options.quick else IDLE_CONNECTIONS
    with Stage(options.build.resolve(), peers, options.backend_port, idle) as stage:
        noise = Noise()
        run = Run(datetime.date.today().isoformat(), 0, not (options.quick or options.only or options.peers),
                  {**describe_machine(), "openssl": openssl_version()}, {peer.name: peer.version() for peer in peers})
        budget = Budget(options.seconds, {case.name: case.weight for case in cases if case.takes_a_share})
        try:
            for case in cases:
                begun = time.monotonic()
                noise.add(stage.gauge())
                run.results.append(measure_case(stage, case, budget, dice, options.tail_seconds))
                say(f"{case.title}: {time.monotonic() - begun:.0f} s")
        except Stopped as stopped:
            if stopped.number != signal.SIGALRM:
                raise
            say("the time is up: the other cases are left out")
            run.complete = False
    signal.alarm(0)
    if not run.results:
        raise Trouble("the time was up before anything was measured")
    run.noise = noise.summary()
    verdict = "quiet" if run.noise["p90_over_p10"] < QUIET else "NOT quiet: small differences mean nothing"
    say(f"noise: p90/p10 {run.noise['p90_over_p10']:.3f} in the median, {run.noise['worst']:.3f} at its worst; "
        f"{verdict}")
    run.results.sort(key=lambda result: [case.name for case in CASES].index(result.case))
    run.seconds = round(time.monotonic() - started, 1)
    return run


def measure_case(stage: Stage, case: Case, budget: Budget, dice: random.Random, tail_seconds: float) -> Result:
    """What goes wrong in one case is told there, and the next one goes on."""
    deadline = budget.begin(case.name) if case.takes_a_share else Deadline(budget.left())
    try:
        if case.kind == "tail":
            return measure_tail(stage, case, deadline, dice, tail_seconds)
        return MEASURES[case.kind](stage, case, deadline, dice)
    except Trouble as trouble:
        return Result(case.name, case.title, case.unit, [Row(stage.reference.name, why=str(trouble))])


def write(run: Run, options: argparse.Namespace) -> Path:
    """JSON and pictures, and the README's part where the run was whole and its place the usual one."""
    folder = (options.out or (PUBLISHED if run.complete else BENCH.parent / "build" / "compare")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_text(to_json(run))
    pictures = draw(run, folder)
    if folder == PUBLISHED:
        update(BENCH / "README.md", run, pictures, PUBLISHED.name)
    return folder


def say(line: str) -> None:
    print(f"compare: {line}", file=sys.stderr, flush=True)


def main() -> int:
    options = read_options(sys.argv[1:])
    stop_on_signals()
    tails = 2 * sum(case.kind == "tail" for case in options.cases)
    signal.alarm(round(options.seconds + GRACE_S + tails * options.tail_seconds * TAIL_OVERHEAD))
    raise_descriptor_limit()
    try:
        run = measure(options, choose_peers(options))
        print(text(run))
        for verdict in judge(run):
            print(verdict.text())
        folder = write(run, options)
        say(f"{run.seconds:.0f} s in all; results are in {folder}")
    except Trouble as trouble:
        say(str(trouble))
        return EXIT_FAILURE
    except Stopped as stopped:
        say(f"stopped by {stopped.name}")
        return stopped.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
