"""bench/cost: what the tools write, the record and the verdict by themselves, and one case counted from end to end."""

import os
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT
from test_compare import still_running

sys.path.insert(0, str(ROOT / "bench"))

from compare.processes import Trouble, family  # noqa: E402
from cost import conditions, heap, record, verdict  # noqa: E402
from cost.cases import CASES, QUICK, select  # noqa: E402
from cost.figures import (ALLOCATED, ALLOCATIONS, CALLS, CONDITIONS, IDLE, INSTRUCTIONS, KINDS, TOTAL,  # noqa: E402
                          Counted, can_be_compared, differing)
from cost.measures import shares_of  # noqa: E402
from cost.parts import BORINGSSL, CHAINMEND, LIBC, OTHER, Parts  # noqa: E402
from cost.profile import busiest as busiest_profile  # noqa: E402
from cost.profile import Profile, read_profile  # noqa: E402
from cost.record import Record, merge, read_record, write_record  # noqa: E402
from cost.system_calls import read_calls  # noqa: E402
from cost.threads import busiest, state_of  # noqa: E402

# Beside the folder of the binary that is tested, so that both have the same BoringSSL.
BUILD = Path(os.environ.get("CHAINMEND", ROOT / "build" / "asan" / "chainmend")).resolve().parents[1] / "cost"
PARTS = Parts("/b/chainmend", "/src")
PRESENT = {name: f"{name} 1" for name in CONDITIONS}

PROFILE = """# callgrind format
version: 1
pid: 17
part: 1
thread: 2

positions: line
events: Ir
summary: 90

ob=(1) /b/chainmend
fl=(1) /src/proxy/io/poller.c
fn=(1) poller_wait
12 5
+3 7
fi=(2) /src/chaincache/bytes.h
9 1
cob=(2) /usr/lib/libc.so.6
cfi=(3) ./malloc/malloc.c
cfn=(2) malloc
calls=4 100
14 4000
fe=(1)
* 2

fl=(4) ???
fn=(3) SHA256_Update
0 50
cfn=(3)
calls=1 0
0 50

fn=(4) SHA256_Update'2
0 10

ob=(2)
fl=(3)
fn=(2)
-2 20

ob=(3) ???
fl=(4)
fn=(5) 0x000000000012e120
0 4

totals: 99
"""

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 27.71    0.004684           7       600           epoll_wait
 12.62    0.002134          21       100       100 connect
  0.00    0.000000           0         1           accept4
------ ----------- ----------- --------- --------- ----------------
100.00    0.016904           9       701       100 total
"""

COMMENTS = """
String dump of section '.comment':
  [     0]  GCC: (Debian 12.2.0-14) 12.2.0
  [    27]  Debian clang version 14.0.6

"""


def counted(**changes):
    """Of 1,000 transactions; `chainmend=7100` changes the instructions of that part, `sendto=5` that call."""
    parts = {CHAINMEND: 7000, BORINGSSL: 1400000, LIBC: 50000}
    calls = {"recvfrom": 5, "sendto": 4, "futex": 0}
    one = Counted()
    one.put(INSTRUCTIONS, {part: changes.get(part, value) * 1000 for part, value in parts.items()}, 1000)
    one.put(ALLOCATIONS, {BORINGSSL: changes.get("allocations", 181) * 1000, CHAINMEND: 1000}, 1000)
    one.put(ALLOCATED, {BORINGSSL: 36000 * 1000, CHAINMEND: 664 * 1000}, 1000)
    one.put(CALLS, {name: changes.get(name, value) * 1000 for name, value in calls.items()}, 1000)
    one.put(IDLE, {CHAINMEND: changes.get("idle", 664) * 1000, BORINGSSL: 2600 * 1000}, 1000)
    functions = {(CHAINMEND, "relay_take"): 4000, (CHAINMEND, "poller_wait"): 3000,
                 (BORINGSSL, "bssl::do_tls(SSL*, int)"): 1400000, (LIBC, "malloc"): 50000}
    functions[CHAINMEND, "relay_take"] += changes.get(CHAINMEND, 7000) - 7000
    one.put_functions(Counter({name: cost * 1000 for name, cost in functions.items()}), 1000)
    return one


def judged(before, after, different=(), tolerance=0.01):
    found = verdict.Verdict()
    found.add("ecdsa-1.3-full-tcp", before, after, list(different), tolerance)
    return found


def grown_names(found):
    return {change.name for change in found.grown}


def test_cases_are_all_that_four_choices_make_and_two_of_http_and_the_quick_ones_have_each_twice():
    assert len({case.name for case in CASES}) == 18
    assert len(QUICK) == 4
    for choice in ("key", "tls", "resumed", "backend"):
        assert set(Counter(getattr(case, choice) for case in QUICK).values()) == {2}
    assert [case.name for case in select(["rsa-1.2-full-tls", "ecdsa-1.3-full-tcp"])] == [
        "ecdsa-1.3-full-tcp", "rsa-1.2-full-tls"]
    assert select([]) == list(CASES)
    with pytest.raises(ValueError, match="ecdsa: no such case"):
        select(["ecdsa"])


@pytest.mark.parametrize("binary, file, part", [
    ("/b/chainmend", "/src/proxy/io/poller.c", CHAINMEND), ("/b/chainmend", "???", BORINGSSL),
    ("/b/chainmend", "??", BORINGSSL), ("/b/chainmend", "/usr/include/bits/stdlib-bsearch.h", CHAINMEND),
    ("/b/chainmend", "/src/.deps/boringssl/ssl/ssl_lib.cc", BORINGSSL), ("/b/chainmend", "/srcs/ssl.cc", BORINGSSL),
    ("/usr/lib/libc.so.6", "./malloc/malloc.c", LIBC), ("/lib/libc-2.31.so", "???", LIBC),
    ("/usr/lib/libcurl.so.4", "???", OTHER), ("/usr/lib/libuv.so.1", "???", OTHER), ("???", "???", OTHER)])
def test_whose_code_it_is_hangs_on_object_and_file(binary, file, part):
    assert PARTS.of(binary, file) == part


def test_a_profile_has_what_each_function_does_itself():
    profile = read_profile(PROFILE, PARTS)
    assert profile.thread == 2
    assert profile.functions == {(CHAINMEND, "poller_wait"): 15, (BORINGSSL, "SHA256_Update"): 60, (LIBC, "malloc"): 20,
                                 (OTHER, "(no symbol)"): 4}
    assert [profile.instructions(part) for part in (CHAINMEND, BORINGSSL, LIBC, OTHER)] == [15, 60, 20, 4]
    assert profile.total == 99


@pytest.mark.parametrize("text, complaint", [
    ("", "no output of callgrind"), (PROFILE.replace("totals: 99", "totals: 100"), "100 instructions in all, and 99"),
    (PROFILE.replace("totals: 99\n", ""), "cannot be read"),
    (PROFILE.replace("cob=(2) /usr/lib/libc.so.6", "cob=(9)"), r"cob=\(9\), which it has not named")])
def test_a_profile_that_does_not_add_up_is_none(text, complaint):
    with pytest.raises(Trouble, match=complaint):
        read_profile(text, PARTS)


def test_the_worker_is_who_did_the_work():
    profiles = [Profile(1, Counter({(OTHER, "a"): 5})), Profile(2, Counter({(OTHER, "a"): 900}))]
    assert busiest_profile(profiles).thread == 2
    with pytest.raises(Trouble, match="written nothing"):
        busiest_profile([])
    assert busiest({1: 100, 2: 900}, {1: 150, 2: 910, 3: 20}) == 1
    assert busiest({1: 100}, {1: 110, 2: 50}) == 2


def test_without_debug_information_nothing_is_compared():
    """All would count as BoringSSL's, where 7,000 instructions more are half a hundredth."""
    assert shares_of(read_profile(PROFILE, PARTS))[CHAINMEND] > 0
    stripped = read_profile(PROFILE.replace("/src/", "/elsewhere/"), PARTS)
    with pytest.raises(Trouble, match="no debug information: build it with cmake --preset cost"):
        shares_of(stripped)


def test_a_threads_state_stands_behind_a_name_that_may_hold_anything():
    assert state_of("17 (a) S (b) R 1 2 3") == "R"


def test_allocations_are_read_by_thread_and_caller():
    rows = [(7, 0x1000, 10, 1000, 2, 200), (8, 0x1000, 1, 8, 1, 8), (7, 0x2000, 3, 30, 0, 0), (0, 0, 0, 0, 0, 0)]
    data = struct.pack("=Q", 0) + b"".join(struct.pack("=6Q", *row) for row in rows)
    counts = heap.read_counts(data)
    assert counts == {7: {0x1000: heap.Allocations(10, 1000, 200), 0x2000: heap.Allocations(3, 30, 0)},
                      8: {0x1000: heap.Allocations(1, 8, 8)}}
    before = {0x1000: heap.Allocations(4, 400, 200)}
    assert heap.difference(before, counts[7]) == {0x1000: heap.Allocations(6, 600, 0),
                                                  0x2000: heap.Allocations(3, 30, 0)}


@pytest.mark.parametrize("data, complaint", [
    (b"", "not preloaded"), (struct.pack("=Q", 0) + b"x" * 47, "cannot be read"),
    (struct.pack("=Q", 3) + bytes(48), "3 allocations found no room")])
def test_counts_of_allocations_that_are_worth_nothing_are_refused(data, complaint):
    with pytest.raises(Trouble, match=complaint):
        heap.read_counts(data)


def test_files_in_a_process_are_found_by_address():
    maps = heap.read_maps("55d0-55e0 r--p 00000000 fe:01 99     /b/chain mend\n"
                          "55e0-55f0 r-xp 00010000 fe:01 99     /b/chain mend\n7f00-7f10 rw-p 00000000 00:00 0 \n"
                          "7f10-7f20 rw-p 00000000 00:00 0      [heap]\n")
    assert maps == [heap.Mapping(0x55d0, 0x55e0, 0, "/b/chain mend"),
                    heap.Mapping(0x55e0, 0x55f0, 0x10000, "/b/chain mend")]
    places = heap.Places([heap.Mapping(0x7000, 0x8000, 0, "/usr/lib/libc.so.6")], PARTS)
    assert places.by_part({0x7004: heap.Allocations(2, 20, 0), 0x7008: heap.Allocations(1, 1, 1),
                           0x9000: heap.Allocations(5, 5, 5)}) == {
        LIBC: heap.Allocations(3, 21, 1), OTHER: heap.Allocations(5, 5, 5)}


def test_system_calls_are_read_by_name():
    assert read_calls(STRACE) == {"epoll_wait": 600, "connect": 100, "accept4": 1, "total": 701}


@pytest.mark.parametrize("text", ["", STRACE.replace("701", "702"), STRACE.replace("total", "sum"),
                                  STRACE.replace("       600           epoll_wait", "           epoll_wait")])
def test_a_summary_that_does_not_add_up_is_none(text):
    with pytest.raises(Trouble, match="cannot be read"):
        read_calls(text)


def test_what_a_run_was_made_with_is_read():
    assert conditions.read_api("chainmend 0.1.0 (BoringSSL, API version 26)\n") == "26"
    with pytest.raises(Trouble, match="API version"):
        conditions.read_api("chainmend 0.1.0\n")
    assert conditions.read_other_compilers(COMMENTS, "GNU 12.2.0") == "Debian clang version 14.0.6"
    assert conditions.read_other_compilers(COMMENTS.replace("14.0.6", "12.2.0"), "GNU 12.2.0") == "GNU 12.2.0"
    assert conditions.read_processor("flags\t\t: fpu adx avx2 bmi2\n", "x86_64") == "x86_64 avx2 bmi2"
    assert conditions.read_processor("", "aarch64") == "aarch64"


def test_figures_are_for_one_transaction():
    one = counted()
    assert one.figures[INSTRUCTIONS, TOTAL] == 1457000 and one.figures[ALLOCATIONS, TOTAL] == 182
    assert one.figures[CALLS, "sendto"] == 4 and one.functions[CHAINMEND, "relay_take"] == 4000
    assert (INSTRUCTIONS, OTHER) not in one.figures


def test_a_record_is_read_as_it_was_written(tmp_path):
    written = Record(PRESENT, {"ecdsa-1.3-full-tcp": counted(),
                               "rsa-1.2-full-tls": counted(sendto=4.3, chainmend=9000)})
    write_record(written, tmp_path)
    assert read_record(tmp_path) == written
    assert len((tmp_path / record.EXPECTED).read_text().splitlines()) > 30, "a line a figure"
    (tmp_path / record.FUNCTIONS).unlink()
    assert read_record(tmp_path).cases["ecdsa-1.3-full-tcp"].figures == counted().figures


@pytest.mark.parametrize("line, complaint", [
    ("ecdsa-1.3-full-tcp calls sendto", r"cost\.expected:\d+: .*a figure"),
    ("ecdsa calls sendto 4", r"cost\.expected:\d+: ecdsa is no case"),
    ("ecdsa-1.3-full-tcp seconds total 4", r"cost\.expected:\d+: seconds is no kind"),
    ("ecdsa-1.3-full-tcp calls futex four", r"cost\.expected:\d+: four is no figure"),
    ("ecdsa-1.3-full-tcp calls futex nan", r"cost\.expected:\d+: nan is no figure"),
    ("ecdsa-1.3-full-tcp calls futex -1", r"cost\.expected:\d+: -1 is no figure"),
    ("ecdsa-1.3-full-tcp calls sendto 4", r"cost\.expected:\d+: .*twice"),
    ("made-with weather rain", r"cost\.expected:\d+: made-with is followed by")])
def test_a_wrong_record_is_told_with_file_and_line(tmp_path, line, complaint):
    write_record(Record(PRESENT, {"ecdsa-1.3-full-tcp": counted()}), tmp_path)
    path = tmp_path / record.EXPECTED
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(Trouble, match=complaint):
        read_record(tmp_path)


def test_a_record_that_is_not_there_or_not_whole_is_told(tmp_path):
    with pytest.raises(Trouble, match=r"cost\.expected cannot be read: .*--update writes it"):
        read_record(tmp_path)
    write_record(Record(PRESENT, {"ecdsa-1.3-full-tcp": counted()}), tmp_path)
    path = tmp_path / record.EXPECTED
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "boringssl-api" not in line))
    with pytest.raises(Trouble, match="nothing is said of boringssl-api"):
        read_record(tmp_path)
    write_record(Record(PRESENT, {"ecdsa-1.3-full-tcp": counted()}), tmp_path)
    (tmp_path / record.FUNCTIONS).write_text("columns ecdsa-1.3-full-tcp\nmany chainmend relay_take\n")
    with pytest.raises(Trouble, match=r"cost\.functions:2: "):
        read_record(tmp_path)


def test_some_cases_are_updated_among_others_of_the_same_making_alone():
    old = Record(PRESENT, {"ecdsa-1.3-full-tcp": counted(), "rsa-1.2-full-tls": counted()})
    new = Record(PRESENT, {"rsa-1.2-full-tls": counted(sendto=9)})
    assert merge(old, new).cases == {"ecdsa-1.3-full-tcp": counted(), "rsa-1.2-full-tls": counted(sendto=9)}
    other = Record({**PRESENT, "boringssl-api": "43"}, new.cases)
    with pytest.raises(Trouble, match="update all cases"):
        merge(old, other)
    assert merge(Record(), other) == other


def test_what_is_the_same_is_neither_grown_nor_fallen():
    found = judged(counted(), counted())
    assert not found.grown and not found.fallen and found.compared == len(counted().figures)


@pytest.mark.parametrize("changes, grown", [
    ({"chainmend": 7070}, set()), ({"chainmend": 7071}, {(INSTRUCTIONS, CHAINMEND)}),
    ({"boringssl": 1420000}, {(INSTRUCTIONS, BORINGSSL), (INSTRUCTIONS, TOTAL)}),
    ({"sendto": 5}, {(CALLS, "sendto"), (CALLS, TOTAL)}), ({"sendto": 4.1}, set()),
    ({"allocations": 184}, {(ALLOCATIONS, BORINGSSL), (ALLOCATIONS, TOTAL)}),
    ({"idle": 680}, {(IDLE, CHAINMEND)}), ({"futex": 1}, {(CALLS, TOTAL), (CALLS, "futex")})])
def test_a_rise_above_one_percent_is_found(changes, grown):
    before, after = counted(), counted(**changes)
    assert grown_names(judged(before, after)) == grown
    fallen = judged(after, before)
    assert {change.name for change in fallen.fallen} == grown
    assert not fallen.grown


def test_a_tolerance_of_ones_own():
    assert grown_names(judged(counted(), counted(chainmend=7050), tolerance=0.005)) == {(INSTRUCTIONS, CHAINMEND)}
    assert not judged(counted(), counted(chainmend=7500), tolerance=0.1).grown


def test_it_says_what_grew_and_where():
    before, after = counted(), counted(chainmend=7700)
    (change,) = judged(before, after).grown
    text = change.text()
    for part in ("ecdsa-1.3-full-tcp", "instructions", "chainmend", "7,000", "7,700", "+10.00%"):
        assert part in text
    (function,) = verdict.grown_functions(change, before, after)
    assert function.split() == ["+700", "chainmend", "relay_take", "(4,000", "before)"]
    total = verdict.Change("ecdsa-1.3-full-tcp", (INSTRUCTIONS, TOTAL), 1, 2)
    assert verdict.grown_functions(total, before, after) == [function]
    new = verdict.Change("ecdsa-1.3-full-tcp", (CALLS, "futex"), 0, 1)
    assert "futex" in new.text() and new.text().endswith("new")
    assert verdict.grown_functions(new, before, after) == []


def test_a_case_that_the_record_has_not_is_not_passed_over():
    found = judged(None, counted())
    assert found.unknown == ["ecdsa-1.3-full-tcp"] and found.compared == 0


@pytest.mark.parametrize("condition, compared, left_out", [
    ("boringssl-api", {(INSTRUCTIONS, CHAINMEND), (ALLOCATIONS, CHAINMEND), (CALLS, TOTAL), (IDLE, CHAINMEND)},
     {(INSTRUCTIONS, BORINGSSL), (INSTRUCTIONS, TOTAL), (ALLOCATIONS, BORINGSSL), (IDLE, BORINGSSL)}),
    ("processor", {(INSTRUCTIONS, CHAINMEND), (ALLOCATIONS, BORINGSSL), (CALLS, "sendto")},
     {(INSTRUCTIONS, BORINGSSL), (INSTRUCTIONS, LIBC), (INSTRUCTIONS, TOTAL)}),
    ("compiler", {(INSTRUCTIONS, BORINGSSL), (ALLOCATIONS, CHAINMEND)}, {(INSTRUCTIONS, CHAINMEND)})])
def test_with_another_making_what_hangs_on_it_is_left_out_and_told(condition, compared, left_out):
    other = {**PRESENT, condition: "something else"}
    different = differing(PRESENT, other)
    assert different == [condition]
    assert all(can_be_compared(name, different) for name in compared)
    found = judged(counted(), counted(boringssl=9999999, chainmend=9999, allocations=999, idle=999), different)
    assert left_out <= found.left_out and not left_out & grown_names(found)
    told = verdict.left_out_text(found, different, PRESENT, other)
    assert told[0] == f"{condition} is something else, and was {condition} 1 when the record was made"
    assert "NOT compared" in told[-1] and all(f"{kind} {part}" in told[-1] for kind, part in left_out)
    assert verdict.left_out_text(judged(counted(), counted()), [], PRESENT, PRESENT) == []


def test_the_table_has_a_line_a_case():
    lines = verdict.table({"ecdsa-1.3-full-tcp": counted()}).splitlines()
    assert len(lines) == 2
    assert lines[1].split() == ["ecdsa-1.3-full-tcp", "1,457,000", "7,000", "1,400,000", "50,000", "0", "182.0",
                                "36,664", "9.0", "3,264"]


def test_the_record_of_this_tree_has_every_case_and_kind():
    kept = read_record(ROOT / "bench")
    assert set(kept.cases) == {case.name for case in CASES}
    for name, one in kept.cases.items():
        assert {kind for kind, _ in one.figures} == set(KINDS), name
        assert one.figures.get((CALLS, "accept4"), 0) == (0 if "-kept-" in name else 1), name
        explained = sum(cost for (part, _), cost in one.functions.items() if part == CHAINMEND)
        assert explained > 0.95 * one.figures[INSTRUCTIONS, CHAINMEND], name


def run_python(script, **environment):
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, **environment}, capture_output=True,
                          text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def build():
    missing = [name for name in ("chainmend", "bench/libheap_count.so", "bench/libstill_clock.so")
               if not (BUILD / name).is_file()]
    assert missing == [], "not built: cmake --preset cost && cmake --build build/cost"
    return BUILD


def test_each_allocation_is_counted_until_it_is_freed(build, tmp_path):
    run_python("""
import ctypes, os
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.realloc.restype = libc.calloc.restype = ctypes.c_void_p
size = 1000003
blocks = [ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size))) for _ in range(6)]
blocks.append(ctypes.c_void_p(libc.calloc(ctypes.c_size_t(1), ctypes.c_size_t(size))))
for block in blocks[:3]:
    libc.free(block)
libc.realloc(blocks[3], ctypes.c_size_t(2 * size))
os._exit(0)
""", LD_PRELOAD=str(build / "bench" / "libheap_count.so"), CHAINMEND_HEAP_COUNT=str(tmp_path / "counts"))
    (counts,) = heap.read_counts((tmp_path / "counts").read_bytes()).values()
    large = [row for row in counts.values() if row.bytes > 7 * 1000003]
    summed = sum(large, heap.Allocations())
    assert summed.bytes // 1000003 == 9 and summed.live_bytes // 1000003 == 5


def test_the_coarse_clock_stands_still_and_the_others_go_on(build):
    told = run_python("""
import time
coarse = 6  # CLOCK_MONOTONIC_COARSE
first = time.clock_gettime(coarse), time.monotonic()
time.sleep(0.05)
print(first[0] == time.clock_gettime(coarse) > 0, time.monotonic() - first[1] >= 0.05)
""", LD_PRELOAD=str(build / "bench" / "libstill_clock.so"))
    assert told == "True True"


def start(build, expected, *flags):
    command = [sys.executable, "-m", "cost", "--build", str(build), "--expected", str(expected), *flags]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bench"), "PYTHONDONTWRITEBYTECODE": "1",
                   "TMPDIR": str(expected), "OPENSSL_CONF": str(ROOT / "bench" / "cost" / "openssl.cnf")}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(running, status):
    stdout, stderr = running.communicate(timeout=300)
    assert running.returncode == status, stdout + stderr
    return stdout, stderr


FEW = ("--transactions", "8", "--connections", "4")


@pytest.mark.alone
def test_a_case_is_counted_and_what_grew_is_told(build, tmp_path):
    case = "ecdsa-1.3-resumed-tls"
    finish(start(build, tmp_path, case, "--update", *FEW), 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [record.EXPECTED, record.FUNCTIONS]
    kept = read_record(tmp_path)
    figures = kept.cases[case].figures
    assert figures[CALLS, "accept4"] == figures[CALLS, "connect"] == 1 and figures[CALLS, "close"] == 2
    assert figures[INSTRUCTIONS, BORINGSSL] > 20 * figures[INSTRUCTIONS, CHAINMEND] > 0
    assert 1 <= figures[ALLOCATIONS, CHAINMEND] < figures[ALLOCATIONS, BORINGSSL]
    assert 0 < figures[IDLE, CHAINMEND] < figures[IDLE, TOTAL]

    figures[CALLS, "sendto"] -= 1
    figures[INSTRUCTIONS, CHAINMEND] -= 1000
    figures[IDLE, CHAINMEND] *= 2
    functions = kept.cases[case].functions
    function = max((name for part, name in functions if part == CHAINMEND), key=lambda name: functions[CHAINMEND, name])
    functions[CHAINMEND, function] -= 300
    write_record(kept, tmp_path)
    stdout, _ = finish(start(build, tmp_path, case, "--tolerance", "4", *FEW), 1)
    fell, grew = stdout.split("GREW:")
    assert "idle-bytes       chainmend" in fell and "--update" in fell
    assert "calls            sendto" in grew and "instructions     chainmend" in grew
    assert any(line.split()[:3] == ["+300", "chainmend", function] for line in grew.splitlines()), grew


@pytest.mark.alone
def test_a_request_on_a_kept_connection_takes_no_memory_and_one_write_each_way(build, tmp_path):
    case = "ecdsa-1.3-kept-http"
    finish(start(build, tmp_path, case, "--update", *FEW), 0)
    figures = read_record(tmp_path).cases[case].figures
    assert (ALLOCATIONS, CHAINMEND) not in figures
    assert {part: value for (kind, part), value in figures.items() if kind == CALLS} == {
        "total": 6, "epoll_wait": 2, "recvfrom": 2, "sendto": 2}
    assert figures[IDLE, TOTAL] < 12 * 1024


@pytest.mark.alone
def test_a_signal_stops_it_and_leaves_nothing(build, tmp_path):
    running = start(build, tmp_path, "rsa-1.2-full-tls", "--update")
    while len(family(running.pid)) < 2:  # itself, and what it counts
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    pids = family(running.pid)
    running.send_signal(signal.SIGTERM)
    _, stderr = finish(running, 128 + signal.SIGTERM)
    assert "stopped by SIGTERM" in stderr
    assert still_running(pids) == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_tool_nothing_is_counted_and_nothing_passes(build, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    _, stderr = finish(start(build, tmp_path, "ecdsa-1.3-full-tcp"), 2)
    assert "missing: valgrind" in stderr and "install-deps.sh --cost" in stderr


def test_what_is_not_built_is_told(tmp_path):
    write_record(Record(PRESENT, {"ecdsa-1.3-full-tcp": counted()}), tmp_path)
    _, stderr = finish(start(tmp_path, tmp_path, "ecdsa-1.3-full-tcp"), 2)
    assert "cmake --preset cost" in stderr


def test_a_record_that_is_no_text_does_not_pass_for_a_rise(build, tmp_path):
    write_record(Record(PRESENT, {"ecdsa-1.3-full-tcp": counted()}), tmp_path)
    (tmp_path / record.FUNCTIONS).write_bytes(b"columns ecdsa-1.3-full-tcp\n\xff\n")
    _, stderr = finish(start(build, tmp_path, "ecdsa-1.3-full-tcp"), 2)
    assert "cost.functions cannot be read" in stderr


def test_a_fault_of_its_own_does_not_pass_for_a_rise():
    script = ("import sys, cost.__main__ as command\ncommand.run = lambda *_: 1 / 0\n"
              "sys.argv = ['cost']\nsys.exit(command.main())")
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT / "bench")},
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "ZeroDivisionError" in done.stderr


def test_without_a_record_nothing_is_counted(build, tmp_path):
    _, stderr = finish(start(build, tmp_path, "ecdsa-1.3-full-tcp"), 2)
    assert "cost.expected cannot be read" in stderr and "--update" in stderr


@pytest.mark.parametrize("flags, complaint", [
    (["nothing"], "no such case"), (["--quick", "ecdsa-1.3-full-tcp"], "stand together"),
    (["--tolerance", "-1"], "0 to 100"), (["--transactions", "0"], "1 to 100000"),
    (["--connections", "401"], "1 to 400"), (["--no-such"], "unrecognized")])
def test_wrong_usage_is_told_and_starts_nothing(tmp_path, flags, complaint):
    _, stderr = finish(start(tmp_path, tmp_path, *flags), 64)
    assert complaint in stderr


def test_the_script_tells_options_and_cases_without_installing_anything():
    for flag, told in (("--help", "--tolerance PERCENT"), ("--list", "rsa-1.2-resumed-tls")):
        done = subprocess.run([ROOT / "bench" / "cost.sh", flag], capture_output=True, text=True, timeout=30,
                              check=True)
        assert told in done.stdout and done.stderr == ""
