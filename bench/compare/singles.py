"""singles - cases with one figure a peer, each peer by itself and fresh: memory and system calls."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Callable

from .budget import Deadline
from .call_counter import CallCounter
from .cases import Case
from .contenders import load_flags, server_flags
from .peers import Server
from .processes import Trouble, family, wait_until_still
from .ratios import Ratio
from .results import Result, Row
from .stage import Stage

Measure = Callable[[Stage, Case, Server], tuple[float, dict[str, float]]]

WARM_UP_S = 0.2
CALLS_S = 0.5


def measure_singly(measure: Measure) -> Callable[[Stage, Case, Deadline, random.Random], Result]:
    """One after the other; what one cannot do does not keep the next from it. Each takes what it takes."""

    def run(stage: Stage, case: Case, _: Deadline, __: random.Random) -> Result:
        rows = []
        for peer in stage.peers:
            try:
                with stage.server(peer, case.credential) as server:
                    figure, more = measure(stage, case, server)
                rows.append(Row(peer.name, figure, slices=1, more=more))
            except Trouble as trouble:
                rows.append(Row(peer.name, why=str(trouble)))
        return Result(case.name, case.title, case.unit, with_plain_ratios(rows))

    return run


def with_plain_ratios(rows: list[Row]) -> list[Row]:
    """One figure each, so that there is one way of taking the ratio. The reference's row is the first."""
    reference = rows[0].figure
    for row in rows:
        if reference and row.figure is not None:
            row.over_reference = Ratio(row.figure / reference, row.figure / reference)
    return rows


def idle_kilobytes(stage: Stage, case: Case, server: Server) -> tuple[float, dict[str, float]]:
    """PSS with all connections relayed and silent, less that of the warm server before."""
    stage.load.run(server.port, WARM_UP_S, *load_flags(case))
    wait_until_still(family(server.pid))
    outcome = stage.load.hold(server.port, stage.idle_connections, *load_flags(case), *server_flags(server))
    memory = outcome.document.get("server_memory") or {}
    held, added = memory.get("held"), memory.get("pss_bytes_per_connection")
    if held != stage.idle_connections or added is None:
        raise Trouble(f"{held or 'no'} connections of {stage.idle_connections} could be held")
    return added / 1024, {"connections": held, "pss_bytes_before": memory["before"]["pss_bytes"]}


def calls_a_transaction(stage: Stage, case: Case, server: Server) -> tuple[float, dict[str, float]]:
    """Counted by perf, which does not slow the server, or by strace where perf may not."""
    stage.load.run(server.port, WARM_UP_S, *load_flags(case))
    pids = family(server.pid)
    with tempfile.TemporaryDirectory(prefix="chainmend-compare-") as folder:
        counter = CallCounter(pids, Path(folder) / "calls")
        try:
            outcome = stage.load.run(server.port, CALLS_S, *load_flags(case))
            wait_until_still(pids)
        finally:
            counter.stop()
        if outcome.transactions == 0:
            raise Trouble("no transaction was counted")
        return counter.count() / outcome.transactions, {"transactions": outcome.transactions}
