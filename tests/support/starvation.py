"""starvation - what the hostile backends of some sites cost everybody else.

The backend of a hostile site shows each of its clients another chain, as costly to judge as can be (hostile_backend).
While they come all at once, site B's clients, whose backend shows a good chain that is new each time, and /healthz are
asked.

    CHAINMEND=build/release/chainmend python3 tests/support/starvation.py --clients 400 --hostile 2
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from clients import python_context
from hostile_backend import HostileChains, HostileServer
from pki import Authority, chain_pem
from program import Program, Running, clean_environment, free_port
from tls_servers import Pipe, http_answer

NAME_A, NAME_B = "a.test", "b.test"  # further hostile sites: a1.test ...
CLIENT_WAIT_S = 60.0
HEALTH_PAUSE_S = 0.02


def _serve_chains(chains: list[Path], key: Path, port_out: Any, stop: Event) -> None:
    with HostileServer(chains, key, http_answer()) as server:
        port_out.put(server.port)
        stop.wait()


def _visit(port: int, name: str, roots: Path) -> bool:
    """One client: whether it gets the backend's answer."""
    try:
        with Pipe.tls_client(("127.0.0.1", port), python_context(roots), name) as pipe:
            pipe.sock.settimeout(CLIENT_WAIT_S)
            pipe.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"hello" in pipe.receive_all()
    except OSError:
        return False


def _visit_all(ports: dict[str, int], roots: Path, count: int, served_out: Any) -> None:
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda name=name, port=port: answers.append(_visit(port, name, roots)))
               for _ in range(count) for name, port in ports.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    served_out.put(sum(answers))


@dataclass
class Figures:
    num_clients: int
    num_served: int = 0  # of those of hostile sites, which is none
    took_s: float = 0.0
    b_waits_s: list[float] = field(default_factory=list)
    num_b_failed: int = 0
    health_waits_s: list[float] = field(default_factory=list)
    num_health_failed: int = 0
    cpu_s: float = 0.0

    def __str__(self) -> str:
        return (f"hostile sites: {self.num_clients} clients, {self.num_served} served, "
                f"all answered after {self.took_s:.1f} s; "
                f"chainmend used {self.cpu_s:.1f} s of CPU time\n"
                f"site B: {len(self.b_waits_s)} clients, {self.num_b_failed} failed, the slowest waited "
                f"{max(self.b_waits_s, default=0):.2f} s\n"
                f"/healthz: asked {len(self.health_waits_s)} times, {self.num_health_failed} failed, the slowest took "
                f"{max(self.health_waits_s, default=0):.2f} s")


def _ask_health(port: int, figures: Figures) -> None:
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CLIENT_WAIT_S)
    try:
        connection.request("GET", "/healthz")
        figures.num_health_failed += connection.getresponse().status != 200
    except OSError:
        figures.num_health_failed += 1
    finally:
        connection.close()
    figures.health_waits_s.append(time.monotonic() - begun)


def _cpu_s(running: Running) -> float:
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Siege:
    """A proxy with hostile sites and site B, their backends in processes of their own. Each hostile site has so many
    clients."""

    def __init__(self, program: Program, folder: Path, num_clients: int, num_b_clients: int,
                 num_hostile: int = 1) -> None:
        self._processes = multiprocessing.get_context("spawn")
        self._stop = self._processes.Event()
        self._servers: list[Any] = []
        self.num_clients, self.num_b_clients = num_clients, num_b_clients
        root = Authority.root("Contoso Root CA")
        issuing = root.issue_authority("Contoso Issuing CA")
        self.roots, _ = root.write(folder, "root")
        hostile = [NAME_A, *(f"a{i}.test" for i in range(1, num_hostile))]
        backends = {}
        for name in hostile:
            (folder / name).mkdir()
            chains, key = HostileChains(name).write(folder / name, num_clients)
            backends[name] = self._start_server(chains, key)
        leaf = issuing.issue_leaf([NAME_B])
        good = [folder / f"good-{i}.pem" for i in range(num_b_clients + 1)]
        for path in good:
            path.write_text(chain_pem(issuing.issue_leaf([NAME_B], key=leaf.key), issuing))
        good_key = folder / "good.key"
        good_key.write_text(leaf.key_pem)
        backends[NAME_B] = self._start_server(good, good_key)
        self.hostile = {name: free_port() for name in hostile}
        self.b, self.admin = free_port(), free_port()
        sites = {}
        for name, port in (*self.hostile.items(), (NAME_B, self.b)):
            own = issuing.issue_leaf([name])
            chain, own_key = own.write(folder, f"own-{name}")
            chain.write_text(chain_pem(own, issuing))
            sites[name] = {"listen": f"127.0.0.1:{port}", "hostnames": name, "certificate": chain, "key": own_key,
                           "backend": f"tls://127.0.0.1:{backends[name]}", "backend_name": name}
        self.running = program.run({"roots": f"demo={self.roots}", "cache": folder / "cache", "fetch": "off",
                                    "fix_log": folder / "fixes.jsonl", "workers": 2, "admin": self.admin,
                                    "log_level": "warning"}, sites)

    def _start_server(self, chains: list[Path], key: Path) -> int:
        port = self._processes.Queue()
        server = self._processes.Process(target=_serve_chains, args=(chains, key, port, self._stop), daemon=True)
        server.start()
        self._servers.append(server)
        number: int = port.get(timeout=CLIENT_WAIT_S)
        return number

    def __enter__(self) -> "Siege":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for server in self._servers:
            server.join(10)

    def _start_clients(self) -> tuple[Any, Any]:
        served = self._processes.Queue()
        clients = self._processes.Process(target=_visit_all, args=(self.hostile, self.roots, self.num_clients, served))
        clients.start()
        return clients, served

    def run_clients(self) -> None:
        """Those of the hostile sites alone."""
        clients, _ = self._start_clients()
        clients.join()

    def run(self) -> Figures:
        figures = Figures(self.num_clients * len(self.hostile))
        cpu_before_s, begun = _cpu_s(self.running), time.monotonic()
        clients, served = self._start_clients()
        visitor = threading.Thread(target=self._visit_b, args=(figures,))
        visitor.start()
        while clients.is_alive() or visitor.is_alive():
            _ask_health(self.admin, figures)
            time.sleep(HEALTH_PAUSE_S)
        clients.join()
        figures.num_served = served.get(timeout=CLIENT_WAIT_S)
        figures.took_s, figures.cpu_s = time.monotonic() - begun, _cpu_s(self.running) - cpu_before_s
        return figures

    def _visit_b(self, figures: Figures) -> None:
        time.sleep(0.5)  # until the others' clients are there
        for _ in range(self.num_b_clients):
            begun = time.monotonic()
            figures.num_b_failed += not _visit(self.b, NAME_B, self.roots)
            figures.b_waits_s.append(time.monotonic() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description="Prints what one site's hostile backend costs everybody else.")
    parser.add_argument("--clients", type=int, default=400, help="of a hostile site, all at once (400)")
    parser.add_argument("--hostile", type=int, default=1, help="sites (1)")
    parser.add_argument("--others", type=int, default=20, help="of the other site, one after the other (20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(clean_environment(folder))
        program = Program(Path(os.environ["CHAINMEND"]).resolve(), folder)
        try:
            with Siege(program, folder, options.clients, options.others, options.hostile) as siege:
                print(siege.run())
        finally:
            program.finish()


if __name__ == "__main__":
    main()
