"""tail - how long a handshake takes where a server is half busy: 200 connections a second, whatever becomes of them.

The load is the same for all: half of what the slowest of them can do, by its CPU time (more than that, and the one
core that clients and backend have would be what is measured). Most of it is a background of its own; the 200 are
measured, from the moment that each was meant to start (an open loop, free of coordinated omission). A minute for each
server, in pieces that take turns, so that a noisy spell hits both; the median of the pieces is quoted.
"""

from __future__ import annotations

import random
from statistics import median

from .budget import Deadline
from .cases import Case
from .contenders import ServerUnderLoad, load_flags
from .load import LoadTool, Outcome, duration
from .peers import Server
from .processes import Trouble
from .ratios import low
from .results import Result, Row
from .singles import with_plain_ratios
from .stage import Stage

COMPARED = ("nginx",)  # beside the reference
MEASURED_RATE = 200
TAIL_S = 60.0
PIECES = 4
CAPACITY_SLICES = 4
LEAST_PIECE_S = 1.0
OVERHEAD = 1.1  # of starting and stopping the load tool
PERCENTILES = ("p50", "p90", "p99", "p999")


def measure_tail(stage: Stage, case: Case, deadline: Deadline, dice: random.Random, seconds: float = 0) -> Result:
    """`seconds` for each server; 0: TAIL_S, or what there is time for."""
    with stage.servers(case.credential, names=(stage.reference.name, *COMPARED)) as (chosen, missing):
        rate = min(_capacity(stage.load, case, server) for server in chosen) / 2
        share = deadline.left() / len(chosen) / OVERHEAD
        piece = max(LEAST_PIECE_S, (seconds or min(TAIL_S, share)) / PIECES)
        outcomes: dict[str, list[Outcome]] = {server.name: [] for server in chosen}
        why: dict[str, str] = {}
        for _ in range(PIECES):
            dice.shuffle(chosen)
            for server in chosen:
                try:
                    outcomes[server.name].append(_measure_piece(stage.load, case, server, rate, piece))
                except Trouble as trouble:
                    why[server.name] = str(trouble)
    rows = [_row(peer.name, outcomes[peer.name], why.get(peer.name, ""))
            for peer in stage.peers if peer.name in outcomes]
    rows += [Row(name, why=reason) for name, reason in missing.items()]
    note = f"{rate:.0f} connections a second in all, {piece * PIECES:.0f} s each"
    return Result(case.name, case.title, case.unit, with_plain_ratios(rows), note=note)


def _capacity(load: LoadTool, case: Case, server: Server) -> float:
    """Transactions a second of one worker on a core of its own."""
    slices = ServerUnderLoad(server, load, case)
    costs = [cost for cost in (slices.measure() for _ in range(CAPACITY_SLICES)) if cost is not None]
    if not costs:
        raise Trouble(f"{server.name}: {slices.why}")
    return 1e6 / low(costs)


def _measure_piece(load: LoadTool, case: Case, server: Server, rate: float, seconds: float) -> Outcome:
    """The background starts first and ends last."""
    background = None
    if rate > MEASURED_RATE:
        background = load.start(server.port, *duration(seconds + 1), *load_flags(case),
                                "--rate", f"{rate - MEASURED_RATE:.0f}")
    try:
        return load.run(server.port, seconds, *load_flags(case), "--rate", str(MEASURED_RATE))
    finally:
        if background is not None:
            background.stop()


def _row(name: str, outcomes: list[Outcome], why: str) -> Row:
    if not outcomes:
        return Row(name, why=why)
    more = {percentile: median(outcome.handshake_us(percentile) for outcome in outcomes)
            for percentile in PERCENTILES}
    failures = sum(outcome.failures for outcome in outcomes)
    return Row(name, more["p99"], slices=len(outcomes), more={**more, "failures": failures}, why=why)
