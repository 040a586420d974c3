"""contenders - a server under a load, taking its slices."""

from __future__ import annotations

from statistics import median

from .cases import BULK_UNIT, MICROSECONDS, Case
from .load import LoadTool
from .peers import Server
from .processes import Trouble

SLICE_S = 0.2
MAX_FAILED_SHARE = 0.01  # of the transactions of a slice, above which its figure says nothing


def load_flags(case: Case) -> list[str]:
    flags = ["--tls", case.tls, "--connections", str(case.connections), "--request", case.request]
    return flags + ["--resume"] if case.resumed else flags


# Members of the load tool's JSON.
COSTS = {MICROSECONDS: "server_cpu_us_per_transaction", BULK_UNIT: "server_cpu_s_per_gib"}


def server_flags(server: Server) -> list[str]:
    """So that the load tool reads the CPU clocks, or the memory, of all its processes."""
    return ["--server-pid", str(server.pid), "--server-children"]


class ServerUnderLoad:
    """CPU time of all processes of a server, for each transaction or each GiB that it carried in a slice."""

    def __init__(self, server: Server, load: LoadTool, case: Case) -> None:
        self.name = server.name
        self.why = ""
        self._port = server.port
        self._load = load
        self._flags = [*load_flags(case), *server_flags(server)]
        self._cost = COSTS[case.unit]
        self._rates: list[float] = []

    def measure(self) -> float | None:
        try:
            outcome = self._load.run(self._port, SLICE_S, *self._flags)
        except Trouble as trouble:
            self.why = str(trouble)
            return None
        if outcome.transactions == 0 or outcome.failures > outcome.transactions * MAX_FAILED_SHARE:
            self.why = f"{outcome.failures} of {outcome.transactions + outcome.failures} transactions failed"
            return None
        cost = outcome.number(self._cost)
        if cost is None:
            self.why = "its CPU time could not be read: has it ended?"
        self._rates.append(outcome.transactions_per_second)
        return cost

    def more(self) -> dict[str, float]:
        """By the wall clock, which on two cores the client decides: no figure to compare by."""
        return {"transactions_per_second": median(self._rates)} if self._rates else {}
