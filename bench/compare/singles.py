"""singles - cases with one figure a peer, each peer by itself and fresh: memory and system calls."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Callable

from .budget import Deadline
from .call_counter import CallCounter
from .cases import Case
from .contenders import load_flags
from .peers import Server
from .processes import Child, Trouble, open_descriptors, pss_bytes, wait_until_still
from .ratios import Ratio
from .results import Result, Row
from .stage import Stage

Measure = Callable[[Stage, Case, Server], tuple[float, dict[str, float]]]

IDLE_WAIT_S = 25.0
IDLE_STEP_S = 0.1
IDLE_STILL_S = 0.5
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
    wait_until_still(server.pids)
    before, descriptors = pss_bytes(server.pids), open_descriptors(server.pids)
    wanted = descriptors + 2 * stage.idle_connections
    holder = stage.load.start(server.port, "--tls", case.tls, "--request", "echo", "--idle", str(stage.idle_connections),
                              "--hold", f"{IDLE_WAIT_S:.0f}s", "--server-pid", str(server.pids[0]))
    try:
        _wait_for_descriptors(holder, server, wanted)
        held = pss_bytes(server.pids) - before
    finally:
        holder.stop()
    return held / stage.idle_connections / 1024, {"connections": stage.idle_connections, "pss_before_bytes": before,
                                            "pss_added_bytes": held}


def _wait_for_descriptors(holder: Child, server: Server, wanted: int) -> None:
    """Each relayed connection is two descriptors of the server's; then its CPU time must stand still."""
    end = time.monotonic() + IDLE_WAIT_S
    while open_descriptors(server.pids) < wanted:
        if holder.status is not None:
            raise Trouble(f"the load tool ended before all connections were open: {holder.read(1)[1].strip()[-200:]}")
        if time.monotonic() > end:
            raise Trouble(f"not all connections were open within {IDLE_WAIT_S:.0f} s")
        time.sleep(IDLE_STEP_S)
    time.sleep(IDLE_STILL_S)
    wait_until_still(server.pids)


def calls_a_transaction(stage: Stage, case: Case, server: Server) -> tuple[float, dict[str, float]]:
    """Counted by perf, which does not slow the server, or by strace where perf may not."""
    stage.load.run(server.port, WARM_UP_S, *load_flags(case))
    with tempfile.TemporaryDirectory(prefix="chainmend-compare-") as folder:
        counter = CallCounter(server.pids, Path(folder) / "calls")
        try:
            outcome = stage.load.run(server.port, CALLS_S, *load_flags(case))
            wait_until_still(server.pids)
        finally:
            counter.stop()
        if outcome.transactions == 0:
            raise Trouble("no transaction was counted")
        return counter.count() / outcome.transactions, {"transactions": outcome.transactions}
