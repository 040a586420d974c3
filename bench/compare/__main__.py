"""A whole run of bench/compare.sh."""

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
from .cases import CASES, Case
from .command_line import Stopped, stop_on_signals
from .machine import QUIET, Noise, describe_machine, openssl_version
from .page import update
from .options import BENCH, read_options
from .paired import measure_mended, measure_paired
from .peers import Peer, find_program
from .plots import draw
from .processes import Trouble, raise_descriptor_limit
from .results import Result, Row, Run, to_json
from .singles import calls_a_transaction, idle_kilobytes, measure_singly
from .stage import IDLE_CONNECTIONS, Stage
from .table import text
from .tail import OVERHEAD as TAIL_OVERHEAD
from .tail import measure_tail

PUBLISHED = BENCH / "results"
QUICK_IDLE = 2000
GRACE_S = 25.0  # beyond the time of a run, after which it is ended by force
EXIT_FAILURE = 1

MEASURES: dict[str, Callable[[Stage, Case, Deadline, random.Random], Result]] = {
    "transaction": measure_paired,
    "bulk": measure_paired,
    "mended": measure_mended,
    "calls": measure_singly(calls_a_transaction),
    "idle": measure_singly(idle_kilobytes),
}


def choose_peers(options: argparse.Namespace) -> list[Peer]:
    """Those that were asked for and are installed."""
    found = []
    for peer in options.table_peers:
        if peer.runs_already or find_program(peer):
            found.append(peer)
        elif peer is options.table_peers[0]:
            raise Trouble(f"{peer.program} is not there: build it first (cmake --build {options.build})")
        else:
            say(f"{peer.name} is not installed: left out")
    return found


def measure(options: argparse.Namespace, peers: list[Peer]) -> Run:
    """Measures the cases that have no time limit first, and deals the rest of the time out to the others."""
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
    """Measures one case. A failure becomes the result of this case alone."""
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
