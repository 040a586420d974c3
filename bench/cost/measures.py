"""measures - counts one case: under callgrind, with heap_count preloaded, and with strace beside it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from compare.processes import Trouble

from . import heap
from .cases import Case
from .figures import ALLOCATED, ALLOCATIONS, CALLS, IDLE, INSTRUCTIONS, TOTAL, Counted
from .parts import CHAINMEND, Parts, source_folder
from .profile import Profile, busiest, read_profile
from .subject import Setting, Subject
from .system_calls import Strace

TRANSACTIONS = 192  # BoringSSL renews the blinding of an RSA key each 32nd time
CONNECTIONS = 128
MAX_TRANSACTIONS = 100000
MAX_CONNECTIONS = 400  # two sockets each, and select(2) takes 1,024
TOOL_WAIT_S = 30.0
TOOLS = ("valgrind", "vgdb", "strace", "addr2line", "readelf", "openssl", "setpriv", "taskset")


@dataclass(frozen=True)
class Measurement:
    setting: Setting
    transactions: int = TRANSACTIONS
    connections: int = CONNECTIONS

    def count(self, case: Case, folder: Path) -> Counted:
        """Each tool has a chainmend of its own. Raises Trouble where anything of it cannot be counted."""
        counted = Counted()
        folder.mkdir()
        self._count_instructions(case, folder / "callgrind", counted)
        self._count_allocations(case, folder / "heap", counted)
        self._count_calls(case, folder / "strace", counted)
        return counted

    @property
    def _parts(self) -> Parts:
        return Parts(str(self.setting.program), source_folder(self.setting.build))

    def _count_instructions(self, case: Case, folder: Path, counted: Counted) -> None:
        output = folder / "callgrind.out"
        tool = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={output}",
                f"--vgdb-prefix={folder / 'vgdb'}"]
        with Subject(self.setting, case, folder, tool) as subject:
            tell_callgrind(subject.pid, folder, "zero")
            subject.transact(self.transactions)
            tell_callgrind(subject.pid, folder, "dump")
            profile = busiest([read_profile(path.read_text(), self._parts)
                               for path in folder.glob("callgrind.out.1-*")])
        counted.put(INSTRUCTIONS, shares_of(profile), self.transactions)
        counted.put_functions(profile.functions, self.transactions)

    def _count_allocations(self, case: Case, folder: Path, counted: Counted) -> None:
        table = folder / "counts"
        with Subject(self.setting, case, folder, libraries=("clock", "heap"),
                     environment={"CHAINMEND_HEAP_COUNT": str(table)}) as subject:
            places = heap.Places(heap.read_maps(Path(f"/proc/{subject.pid}/maps").read_text()), self._parts)
            begun = heap.read_thread(table, subject.worker)
            subject.transact(self.transactions)
            done = heap.read_thread(table, subject.worker)
            subject.hold(self.connections)
            held = heap.read_thread(table, subject.worker)
            worked = places.by_part(heap.difference(begun, done))
            kept = places.by_part(heap.difference(done, held))
        if not any(some.calls for some in worked.values()):
            raise Trouble("no allocation of the worker was counted")
        counted.put(ALLOCATIONS, {part: some.calls for part, some in worked.items()}, self.transactions)
        counted.put(ALLOCATED, {part: some.bytes for part, some in worked.items()}, self.transactions)
        counted.put(IDLE, {part: some.live_bytes for part, some in kept.items()}, self.connections)

    def _count_calls(self, case: Case, folder: Path, counted: Counted) -> None:
        with Subject(self.setting, case, folder) as subject:
            strace = Strace(subject.worker, folder / "calls", self.setting.cpus)
            try:
                subject.transact(self.transactions)
                calls = strace.stop()
            finally:
                strace.give_up()
        counted.put(CALLS, {name: count for name, count in calls.items() if name != TOTAL}, self.transactions)


def shares_of(profile: Profile) -> dict[str, float]:
    """Instructions by part. Raises Trouble where none is chainmend's own: without debug information all would count as
    BoringSSL's, whose sum they raise by less than the tolerance."""
    shares = {part: float(profile.instructions(part)) for part, _ in profile.functions}
    if not shares.get(CHAINMEND):
        raise Trouble("chainmend has no debug information: build it with cmake --preset cost")
    return shares


def tell_callgrind(pid: int, folder: Path, command: str) -> None:
    """It hears it at once, also where all its threads sleep: vgdb wakes it up by ptrace."""
    try:
        subprocess.run(["vgdb", f"--pid={pid}", f"--vgdb-prefix={folder / 'vgdb'}", command], check=True,
                       timeout=TOOL_WAIT_S, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise Trouble(f"callgrind does not hear (vgdb needs ptrace): {error.stderr.strip()[-200:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble(f"callgrind does not hear: {error}") from error


def check_tools() -> None:
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        raise Trouble(f"missing: {', '.join(missing)}; scripts/install-deps.sh --cost installs what is needed")
