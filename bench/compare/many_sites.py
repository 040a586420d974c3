"""many_sites - what idle sites cost: the start with all their certificates, and a handshake among them.

One chainmend has one site, another one a thousand with a certificate and a key each. The files hold the leaves alone,
and the cache the intermediate, so that every chain is mended at the start. Measured: the time until it listens, the CPU
time until all is mended, the memory, and a transaction of both in turn.

    PYTHONPATH=bench python3 -m compare.many_sites [--build build/release] [--sites 1000] [--rounds 20]
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .backend import Backend
from .command_line import module_parser, run_module
from .credentials import NAME, Credential, make_credentials
from .load import LoadTool
from .processes import Trouble, cpu_ns, free_port
from .proxy import Proxy
from .ratios import low

SERVER_CPU, LOAD_CPUS = 0, [1]
SLICE_S = 0.2
MAX_SITES, MAX_ROUNDS = 10000, 200
STILL_S, STILL_TRIES = 0.3, 100  # nothing spent for so long: all is mended
HEAD = """[chainmend]
workers = 1
fetch = off
cache = {cache}
fix_log = {folder}/fixes.jsonl
roots = bench={roots}
log_level = warning
"""
SITE = """[site {number}]
listen = 127.0.0.1:{port}
hostnames = {name}
certificate = {certificate}
key = {key}
backend = tcp://127.0.0.1:{backend}
"""


def make_leaves(folder: Path, count: int) -> list[tuple[Path, Path]]:
    """Certificate and key of `0.bench.example` and so on, below the intermediate that the run's credentials have."""
    pairs = []
    issuer = ["-CA", str(folder / "issuing.crt"), "-CAkey", str(folder / "issuing.key")]
    for number in range(count):
        certificate, key = folder / f"site-{number}.crt", folder / f"site-{number}.key"
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
             "-subj", f"/CN={number}.{NAME}", "-addext", f"subjectAltName=DNS:{number}.{NAME}",
             "-addext", "extendedKeyUsage=serverAuth", "-addext", "basicConstraints=critical,CA:FALSE",
             "-keyout", str(key), "-out", str(certificate), *issuer], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"openssl req: {done.stderr.strip()[-200:]}")
        pairs.append((certificate, key))
    return pairs


def write_config(folder: Path, port: int, backend: int, credential: Credential, pairs: list[tuple[Path, Path]]) -> Path:
    folder.mkdir()
    shutil.copytree(str(credential.cache), folder / "cache")
    sites = [SITE.format(number=number, port=port, name=f"{number}.{NAME}", certificate=certificate, key=key,
                         backend=backend) for number, (certificate, key) in enumerate(pairs)]
    config = folder / "chainmend.ini"
    config.write_text(HEAD.format(cache=folder / "cache", folder=folder, roots=credential.roots) + "".join(sites))
    return config


def wait_until_mended(proxy: Proxy) -> float:
    """Seconds of CPU time that the start has cost."""
    spent = cpu_ns([proxy.pid])
    for _ in range(STILL_TRIES):
        time.sleep(STILL_S)
        now = cpu_ns([proxy.pid])
        if now == spent:
            break
        spent = now
    return spent / 1e9


def memory_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise Trouble("the kernel tells no memory of a process")


def run(options: argparse.Namespace, folder: Path) -> None:
    credential = make_credentials(folder / "credentials")["mended"]
    pairs = make_leaves(folder / "credentials", options.sites)
    load = LoadTool(options.build / "chainmend-bench", LOAD_CPUS)
    started: list[Backend | Proxy] = []
    try:
        backend = Backend(options.build / "bench" / "echo_backend", LOAD_CPUS, 0)
        started.append(backend)
        proxies, slices = {}, {}
        for count in (1, options.sites):
            port = free_port()
            config = write_config(folder / f"{count}-sites", port, backend.port, credential, pairs[:count])
            proxies[count] = Proxy(options.build / "chainmend", config, port, [SERVER_CPU])
            started.append(proxies[count])
            slices[count] = []
            cpu_s = wait_until_mended(proxies[count])
            print(f"{count} sites: listening after {proxies[count].start_s:.2f} s, "
                  f"all mended for {cpu_s:.2f} s of CPU time, {memory_mib(proxies[count].pid):.1f} MiB")
        for _ in range(options.rounds):
            for count in random.sample(list(proxies), len(proxies)):
                proxy = proxies[count]
                asked = f"{random.randrange(count)}.{NAME}"
                outcome = load.run(proxy.port, SLICE_S, "--sni", asked, "--request", "echo",
                                   "--server-pid", str(proxy.pid))
                price = outcome.number("server_cpu_us_per_transaction")
                if price is None or outcome.failures > 0:
                    raise Trouble(f"{outcome.failures} transactions failed with {count} sites")
                slices[count].append(price)
    finally:
        for one in reversed(started):
            one.stop()
    one_us, many_us = low(slices[1]), low(slices[options.sites])
    print(f"a transaction: {one_us:.0f} us with one site, {many_us:.0f} us with {options.sites}: "
          f"{many_us / one_us:.3f} times")


def main() -> int:
    parser = module_parser("compare.many_sites", __doc__)
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    if not (1 < options.sites <= MAX_SITES and 0 < options.rounds <= MAX_ROUNDS):
        parser.error(f"--sites is 2 to {MAX_SITES}, --rounds up to {MAX_ROUNDS}")
    return run_module("many_sites", run, options)


if __name__ == "__main__":
    sys.exit(main())
