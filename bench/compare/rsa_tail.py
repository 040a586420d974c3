"""rsa_tail - what RSA signatures in front of them cost the other clients of a worker: the figures behind a decision.

A worker signs on its own thread, and an RSA-2048 signature takes about 0.7 ms, in which its other connections wait.
Probes (ECDSA, 100 a second, one byte there and back, timed from the moment that each was meant to start) meet one
worker that has nothing else to do, then one with ECDSA handshakes for a share of its time, then one with RSA handshakes
for the same share. ECDSA against nothing is the cost of any load. RSA against ECDSA is the cost of long signatures
beyond that, and the most that signing on other threads could give back.

    PYTHONPATH=bench python3 -m compare.rsa_tail [--build build/release] [--share 0.3] [--rounds 9] [--seconds 3]
"""

from __future__ import annotations

import argparse
import random
import string
import sys
from pathlib import Path
from statistics import median

from .backend import Backend
from .command_line import module_parser, run_module
from .credentials import NAME, make_credentials
from .load import LoadTool, Outcome
from .peers import FOLDER
from .processes import Trouble, free_port
from .proxy import Proxy

SERVER_CPU, LOAD_CPUS = 0, [1]
PROBES = ("--rate", "100", "--request", "echo", "--sigalgs", "ECDSA+SHA256")
LOADS = {"nothing": None, "ecdsa": "ECDSA+SHA256", "rsa": "RSA-PSS+SHA256"}
PERCENTILES = ("p50", "p90", "p99", "p999")
PRICE_S = 1.0
LEAD_S = 0.3  # the load is under way before the probes begin, and after they have ended
MAX_ROUNDS, MAX_SECONDS = 50, 60.0


def start_worker(program: Path, folder: Path, backend: int) -> Proxy:
    """One worker with both certificates, on a core of its own."""
    credentials = make_credentials(folder / "credentials")
    port = free_port()
    words: dict[str, object] = {"run": folder, "name": NAME, "backend": backend, "port": port}
    for kind in ("ecdsa", "rsa"):
        words |= {f"{kind}_roots": credentials[kind].roots, f"{kind}_certificate": credentials[kind].certificate,
                  f"{kind}_key": credentials[kind].key}
    config = folder / "chainmend.ini"
    config.write_text(string.Template((FOLDER / "rsa-beside-ecdsa.ini").read_text()).substitute(words))
    return Proxy(program, config, port, [SERVER_CPU])


def price_us(load: LoadTool, worker: Proxy, algorithm: str) -> float:
    """Measures the CPU time that one such transaction costs the worker."""
    outcome = load.run(worker.port, PRICE_S, "--request", "echo", "--sigalgs", algorithm, "--warm-up", "500ms",
                       "--server-pid", str(worker.pid))
    price = outcome.number("server_cpu_us_per_transaction")
    if price is None or outcome.failures > 0:
        raise Trouble(f"the price of {algorithm} could not be measured: {outcome.failures} failures")
    return price


def measure(load: LoadTool, worker: Proxy, algorithm: str | None, rate: int, seconds: float) -> Outcome:
    beside = None
    if algorithm is not None:
        beside = load.start(worker.port, "--rate", str(rate), "--request", "echo", "--sigalgs", algorithm,
                            "--duration", f"{round(1000 * (seconds + 2 * LEAD_S))}ms")
    try:
        if beside is not None:
            load.run(worker.port, LEAD_S, *PROBES)
        return load.run(worker.port, seconds, *PROBES)
    finally:
        if beside is not None:
            load.outcome_of(beside, seconds)


def run(options: argparse.Namespace, folder: Path) -> None:
    load = LoadTool(options.build / "chainmend-bench", LOAD_CPUS)
    backend = Backend(options.build / "bench" / "echo_backend", LOAD_CPUS, 0)
    worker = None
    try:
        worker = start_worker(options.build / "chainmend", folder, backend.port)
        prices = {name: price_us(load, worker, algorithm) for name, algorithm in LOADS.items() if algorithm}
        rates = {name: round(options.share * 1e6 / price) for name, price in prices.items()} | {"nothing": 0}
        outcomes: dict[str, list[Outcome]] = {name: [] for name in LOADS}
        for _ in range(options.rounds):
            for name in random.sample(list(LOADS), len(LOADS)):
                outcomes[name].append(measure(load, worker, LOADS[name], rates[name], options.seconds))
    finally:
        if worker is not None:
            worker.stop()
        backend.stop()
    print(f"a transaction: ECDSA {prices['ecdsa']:.0f} us, RSA {prices['rsa']:.0f} us of CPU; "
          f"a load of {options.share:.0%} of one worker; medians of {options.rounds} rounds of {options.seconds:g} s")
    print(f"{'load':<10}{'a second':>10}" + "".join(f"{name + ' ms':>12}" for name in PERCENTILES))
    for name, rate in rates.items():
        if name in outcomes:
            figures = [median(outcome.handshake_us(percentile) for outcome in outcomes[name]) / 1000
                       for percentile in PERCENTILES]
            print(f"{name:<10}{rate:>10}" + "".join(f"{figure:>12.2f}" for figure in figures))


def main() -> int:
    parser = module_parser("compare.rsa_tail", __doc__)
    parser.add_argument("--share", type=float, default=0.3, help="of the worker's time that the load takes")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    if not (0 < options.share < 1 and 0 < options.rounds <= MAX_ROUNDS and 0 < options.seconds <= MAX_SECONDS):
        parser.error(f"--share is between 0 and 1, --rounds up to {MAX_ROUNDS}, --seconds up to {MAX_SECONDS:g}")
    return run_module("rsa_tail", run, options)


if __name__ == "__main__":
    sys.exit(main())
