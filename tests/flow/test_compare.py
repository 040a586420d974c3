"""bench/compare: statistics, time, tables and JSON by themselves, and one small comparison from end to end."""

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "bench"))

from compare import bars, page, plots, ratios, table  # noqa: E402
from compare.budget import Budget, Deadline  # noqa: E402
from compare.call_counter import read_count  # noqa: E402
from compare.cases import CASES, select  # noqa: E402
from compare.credentials import make_credentials  # noqa: E402
from compare.load import read_outcome  # noqa: E402
from compare.machine import Noise  # noqa: E402
from compare.paired import all_agree, take_until_agreed  # noqa: E402
from compare.peers import TABLE, StartedServer, read_table  # noqa: E402
from compare.processes import Child, Trouble, cpu_ns, family, free_port  # noqa: E402
from compare.ratios import Ratio, Series  # noqa: E402
from compare.results import LIMIT, Result, Row, Run, to_json  # noqa: E402
from compare.slices import MAX_FAILURES, Slices  # noqa: E402

MACHINE = {"processor": "Some CPU", "cores": 2, "memory_gib": 4, "system": "Debian", "kernel": "6.1",
           "openssl": "3.0.1"}
TOOLS = ("chainmend-bench", "bench/echo_backend", "bench/limit", "bench/gauge")


def still_running(pids):
    """Those that nobody has buried yet do not count."""
    return [pid for pid in pids if "State" in status_of(pid) and "State:\tZ" not in status_of(pid)]


def status_of(pid):
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Fake:
    """A contender with a list of costs, over and over, each of which takes a second of `clock`."""

    def __init__(self, name, *costs, clock=None):
        self.name = name
        self.taken = 0
        self._costs = itertools.cycle(costs)
        self._clock = clock or Clock()

    def measure(self):
        self.taken += 1
        self._clock.now += 1
        return next(self._costs)


def a_run(**changes):
    rows = [Row("chainmend", 230.0, Ratio(1, 1), 12), Row(LIMIT, 200.0, Ratio(0.8, 0.81), 12),
            Row("nginx", 460.0, Ratio(2.0, 2.02), 12), Row("hitch", why="it ended at once")]
    results = [Result("ecdsa-1.3-full", "ECDSA, full", "us", rows),
               Result("idle", "memory", "KB", [Row("chainmend", 6.5, Ratio(1, 1), 1)], note="a remark")]
    fields = {"date": "2026-11-20", "seconds": 1.5, "complete": True, "machine": MACHINE,
              "noise": {"p90_over_p10": 1.02, "worst": 1.3},
              "versions": {"chainmend": "0.1.0", "nginx": "1.22.1", "hitch": "1.7.2"}, "results": results}
    return Run(**{**fields, **changes})


@pytest.mark.parametrize("values, percent, expected", [
    ([5], 10, 5), ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 10, 2), ([3, 1, 2], 50, 2), ([1, 2], 10, 1.1),
    ([4, 1], 100, 4), ([4, 1], 0, 1)])
def test_percentiles_lie_between_ranks(values, percent, expected):
    assert ratios.percentile(values, percent) == pytest.approx(expected)


def test_nothing_has_no_percentile_and_no_ratio():
    with pytest.raises(ValueError):
        ratios.percentile([], 10)
    with pytest.raises(ValueError):
        ratios.ratio_of(Series(), [1.0])


def test_a_slow_half_of_the_machine_does_not_change_the_paired_ratio():
    series = Series()
    for speed in (1, 1, 3, 3, 1):
        series.add(20.0 * speed, 10.0 * speed)
    ratio = ratios.ratio_of(series, [10.0, 10.0, 30.0, 30.0, 10.0])
    assert ratio.of_pairs == pytest.approx(2.0)
    assert ratio.of_low == pytest.approx(2.0)
    assert ratio.agrees


def test_ratios_agree_within_five_per_cent():
    assert Ratio(1.049, 1.0).agrees
    assert Ratio(0.951, 1.0).agrees
    assert not Ratio(1.06, 1.0).agrees
    assert not Ratio(0.94, 1.0).agrees


def test_what_a_case_leaves_goes_to_the_others():
    clock = Clock()
    budget = Budget(100, {"a": 1, "b": 1, "c": 2}, clock)
    first = budget.begin("a")
    assert first.seconds == pytest.approx(25)
    clock.now += 5
    assert budget.begin("b").seconds == pytest.approx(95 / 3)
    clock.now += 500
    assert budget.begin("c").seconds == 0
    assert budget.left() == 0


def test_a_deadline_runs_and_its_parts_with_it():
    clock = Clock()
    deadline = Deadline(10, clock)
    clock.now += 4
    part = deadline.part(0.5)
    assert (deadline.left(), part.left()) == (6, 3)
    clock.now += 4
    assert (deadline.left(), part.left()) == (2, 0)


def test_each_slice_stands_between_two_of_the_reference():
    reference, one, two = Fake("reference", 10, 20, 30), Fake("one", 40), Fake("two", 60)
    slices = Slices()
    slices.take(reference, [one, two], Deadline(0, Clock()), random.Random(1), min_rounds=1)
    assert slices.reference == [10, 20, 30]
    assert reference.taken == 3 and one.taken == two.taken == 1
    assert sorted(slices.of["one"].around + slices.of["two"].around) == [15, 25]


def test_the_order_is_random_and_every_one_has_its_turn():
    orders = set()
    for seed in range(20):
        order = []
        contenders = [Fake(name, 1) for name in "abc"]
        for contender in contenders:
            contender.measure = lambda name=contender.name: order.append(name) or 1.0
        Slices().take(Fake("reference", 1), contenders, Deadline(0, Clock()), random.Random(seed), min_rounds=1)
        assert sorted(order) == ["a", "b", "c"]
        orders.add(tuple(order))
    assert len(orders) > 2


def test_one_that_always_fails_is_left_alone_and_the_others_go_on():
    broken, sound = Fake("broken", None), Fake("sound", 2)
    slices = Slices()
    slices.take(Fake("reference", 1), [broken, sound], Deadline(0, Clock()), random.Random(1), min_rounds=20)
    assert broken.taken == slices.failed["broken"] == MAX_FAILURES
    assert "broken" not in slices.of
    assert len(slices.of["sound"].values) == sound.taken == 20


def test_a_failed_slice_of_the_reference_spoils_its_neighbours_alone():
    slices = Slices()
    slices.take(Fake("reference", 1, None, 1, 1, 1, 1), [Fake("one", 2)], Deadline(0, Clock()), random.Random(1),
                min_rounds=3)
    assert slices.failed == {"reference": 1}
    assert slices.of["one"].values == [2, 2]
    assert slices.reference == [1] * 5


@pytest.mark.parametrize("reference, seconds", [((10,), 75), ((10, 10, 10, 30, 30, 30), 100)])
def test_slices_are_taken_again_where_the_two_ratios_disagree(reference, seconds):
    clock = Clock()
    deadline = Deadline(100, clock)
    slices = take_until_agreed(Fake("reference", *reference, clock=clock), [Fake("one", 20, clock=clock)], deadline,
                               random.Random(1))
    assert seconds <= deadline.used() <= seconds + 6
    assert all_agree(slices) == (seconds == 75)


def test_the_table_of_peers_has_started_and_running_ones(tmp_path):
    (tmp_path / "x.conf").write_text("listen $port\n")
    written = tmp_path / "more.table"
    written.write_text("# a remark\n\nmine  {build}/server  x.conf  -c {config}\n"
                       "other  8443  17  rsa\nthird 8444 18\n")
    mine, other, third = read_table(written, Path("/build"))
    assert (mine.program, mine.arguments, mine.runs_already) == ("/build/server", ("-c", "{config}"), False)
    assert (other.port, other.pid, other.key, other.runs_already) == (8443, 17, "rsa", True)
    assert third.key == "ecdsa"
    ours = ["chainmend", "nginx", "haproxy", "hitch", "stunnel"]
    assert [peer.name for peer in read_table(TABLE, Path("/build"))] == ours


@pytest.mark.parametrize("line, complaint", [
    ("mine", "a name, a program, a template"), ("mine server", "a name, a program"),
    ("mine server none.conf", "no template none"),
    ("../mine 80 1", "no name"), ("mine 8443", "its key"), ("mine 0 1", "no port"), ("mine 70000 1", "no port"),
    ("mine 80 1 dsa", "no kind of key"), ("a 80 1\na 81 2", "twice"), ("mine 80 x", "its key")])
def test_a_wrong_table_is_told_with_file_and_line(tmp_path, line, complaint):
    written = tmp_path / "more.table"
    written.write_text(line + "\n")
    with pytest.raises(Trouble, match=rf"more\.table:\d: .*{complaint}"):
        read_table(written, Path("/build"))


def test_cases_are_chosen_by_the_beginning_of_their_names():
    assert [case.name for case in select(["rsa-1.3", "idle"])] == ["rsa-1.3-full", "rsa-1.3-resumed", "idle"]
    assert select([]) == list(CASES)
    assert len({case.name for case in CASES}) == len(CASES)
    with pytest.raises(ValueError, match="nothing is no case"):
        select(["nothing"])


def test_the_noise_is_told_in_the_median_and_at_its_worst():
    noise = Noise()
    for ratio in (1.01, 1.02, 1.5):
        noise.add({"p90_over_p10": ratio, "p10_us": 20 * ratio})
    assert noise.summary() == {"p90_over_p10": 1.02, "worst": 1.5, "gauges": 3, "signature_us": pytest.approx(20.2)}


def test_every_bar_is_about_a_case_that_there_is():
    assert {bar.case for bar in bars.BARS} <= {case.name for case in CASES}


def test_bars_are_held_against_what_was_measured():
    told = {verdict.bar.text(): verdict for verdict in bars.judge(a_run())}
    limit = told["ecdsa-1.3-full: at most 1.18 times limit"]
    assert (limit.measured, limit.met) == (pytest.approx(1.25), False)
    assert told["ecdsa-1.3-full: at most 0.5 times nginx"].met
    assert not told["idle: at most 6"].met
    assert not any("hitch" in text for text in told), "what was not measured is not judged"


def test_the_table_says_figures_ratios_and_why_not():
    text = table.text(a_run())
    assert re.search(r"ECDSA, full +us +200 +230 x1\.25 +460 \(0\.50\) +-$", text, re.MULTILINE)
    assert re.search(r"^ECDSA, full +us +x1\.23 +\(0\.50\) +-$", text.split(table.BY_PAIRS)[1], re.MULTILINE)
    assert "memory" not in text.split(table.BY_PAIRS)[1].split("\n\n")[1], "there is one way for what has one figure"
    assert "ECDSA, full: hitch: it ended at once" in text
    assert "memory: a remark" in text
    alone = a_run()
    alone.results[0].rows[1:] = [Row("complete", 230.0, Ratio(1.01, 1.02), 12)]
    assert table.BY_PAIRS not in table.text(alone), "what stands in no column stands in its note"
    doubtful = a_run()
    doubtful.results[0].agrees = False
    assert "ECDSA, full ~" in table.text(doubtful)


@pytest.mark.parametrize("value, expected", [
    (None, "-"), (0.4051, "0.41"), (9.994, "9.99"), (12.34, "12.3"), (1143.4, "1143")])
def test_figures_have_three_digits(value, expected):
    assert table.figure(value) == expected


def test_the_json_has_every_ratio():
    document = json.loads(to_json(a_run()))
    reference, limit, nginx, hitch = document["results"][0]["rows"]
    assert document["format"] == 1
    assert reference["over_limit"] == {"of_low": pytest.approx(1.25), "of_pairs": pytest.approx(1 / 0.81)}
    assert reference["reference_over_this"] is None
    assert limit["over_limit"] is None
    assert nginx["over_limit"]["of_low"] == pytest.approx(2.5)
    assert nginx["reference_over_this"] == {"of_low": 0.5, "of_pairs": pytest.approx(1 / 2.02)}
    assert nginx["over_reference"] == {"of_low": 2.0, "of_pairs": 2.02}
    assert (hitch["figure"], hitch["why"]) == (None, "it ended at once")


def test_the_page_is_replaced_between_its_marks_alone(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.update(readme, a_run(), ["ecdsa.svg"], "results")
    page.update(readme, a_run(date="2026-11-21"), ["ecdsa.svg"], "results")
    text = readme.read_text()
    assert text.startswith(f"before\n{page.BEGIN}\n") and text.endswith(f"{page.END}\nafter\n")
    assert "old" not in text and "2026-11-20" not in text and "2026-11-21: Some CPU" in text
    assert "![ecdsa](results/ecdsa.svg)" in text and "| ECDSA, full | us |" in text and "nginx 1.22.1" in text
    readme.write_text("no marks\n")
    with pytest.raises(Trouble, match="marks are gone"):
        page.update(readme, a_run(), [], "results")


def test_the_readme_of_the_bench_has_its_marks():
    text = (ROOT / "bench" / "README.md").read_text()
    assert text.count(page.BEGIN) == text.count(page.END) == 1


def test_pictures_are_drawn_of_what_was_measured(tmp_path):
    assert plots.draw(a_run(), tmp_path) == ["ecdsa.svg", "idle.svg"]
    picture = (tmp_path / "ecdsa.svg").read_text()
    assert "<svg" in picture and "chainmend" in picture and "nginx" in picture and "hitch" not in picture
    assert plots.draw(a_run(results=[]), tmp_path) == []


@pytest.mark.parametrize("text, expected", [
    ("# started on Fri\n\n144,,raw_syscalls:sys_enter,1068233,100.00,,\n", 144),
    ("100.00    0.000000           0        29         1 total\n", 29),
    ("100.00    0.000012           0        29           total\n", 29)])
def test_counts_of_perf_and_strace_are_read(text, expected):
    assert read_count(text) == expected


def test_no_count_is_told():
    with pytest.raises(Trouble, match="cannot be read"):
        read_count("<not counted>,,raw_syscalls:sys_enter,0,100.00,,\n")


def test_what_the_load_tool_tells_is_read():
    document = {"transactions": 100, "failures_total": 2, "seconds": 0.5, "server_cpu_us_per_transaction": 230.5,
                "server_cpu_s_per_gib": None, "latency_us": {"handshake": {"p99": 900.5}}}
    outcome = read_outcome(json.dumps(document))
    assert (outcome.transactions, outcome.failures, outcome.transactions_per_second) == (100, 2, 200)
    assert outcome.number("server_cpu_us_per_transaction") == 230.5
    assert outcome.number("server_cpu_s_per_gib") is outcome.number("nothing") is None
    assert outcome.handshake_us("p99") == 900.5
    with pytest.raises(Trouble, match="no JSON"):
        read_outcome("usage: chainmend-bench\n")
    with pytest.raises(Trouble, match="nothing of failures_total, latency_us"):
        read_outcome('{"transactions": 1, "seconds": 1}')


def test_certificates_are_made_for_the_run(tmp_path):
    made = make_credentials(tmp_path / "made")
    assert set(made) == {"ecdsa", "rsa", "complete", "mended"}
    assert made["complete"].certificate.read_text().count("BEGIN CERTIFICATE") == 2
    assert made["mended"].certificate.read_text() in made["complete"].certificate.read_text()
    assert [path.name for path in made["mended"].cache.iterdir()]
    for credential in made.values():
        subprocess.run(["openssl", "verify", "-CAfile", credential.roots, "-untrusted",
                        tmp_path / "made" / "complete.pem", credential.certificate], check=True, capture_output=True)


def test_a_program_is_stopped_with_all_that_it_started():
    child = Child(["sh", "-c", "trap '' TERM; sleep 60 & sleep 60 & wait"], os.sched_getaffinity(0))
    while len(family(child.pid)) < 3:
        assert child.status is None
        time.sleep(0.01)
    pids = family(child.pid)
    assert cpu_ns(pids) > 0
    child.stop()
    assert still_running(pids) == []
    with pytest.raises(Trouble, match="has ended"):
        cpu_ns(pids)


@pytest.fixture(scope="module")
def build(binary):
    missing = [tool for tool in TOOLS if not (binary.parent / tool).is_file()]
    assert missing == [], f"not built: cmake --build {binary.parent}"
    return binary.parent


def comparison(build, out, *flags):
    command = [sys.executable, "-m", "compare", "--build", str(build), "--out", str(out), "--peers", "nginx", *flags]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bench"), "PYTHONDONTWRITEBYTECODE": "1",
                   "TMPDIR": str(out)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def may_attach():
    """Whether this machine lets strace watch a program that runs already: a container's may not."""
    with subprocess.Popen(["sleep", "60"]) as watched:
        strace = subprocess.run(["timeout", "--signal=INT", "2", "strace", "-c", "-o", "/dev/null", "-p",
                                 str(watched.pid)], capture_output=True, text=True, check=False)
        watched.kill()
    return "attached" in strace.stderr and "ptrace" not in strace.stderr


@pytest.mark.alone
def test_system_calls_are_counted(build, tmp_path):
    if not may_attach():
        pytest.skip("nothing may be attached to here: system calls were not counted")
    running = comparison(build, tmp_path, "--only", "calls", "--seconds", "3")
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == 0, stderr
    for result in json.loads((tmp_path / "latest.json").read_text())["results"]:
        rows = {row["peer"]: row for row in result["rows"]}
        for peer in ("chainmend", "nginx"):
            assert rows[peer]["figure"] is not None and rows[peer]["figure"] > 0, rows[peer]["why"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls.svg", "latest.json"]


@pytest.mark.alone
def test_chainmend_and_nginx_are_compared_and_nothing_is_left(build, tmp_path):
    running = comparison(build, tmp_path, "--only", "ecdsa-1.3-full", "--seconds", "3")
    stdout, stderr = running.communicate(timeout=120)
    assert running.returncode == 0, stderr
    document = json.loads((tmp_path / "latest.json").read_text())
    assert document["complete"] is False
    assert document["versions"]["nginx"] and document["noise"]["p90_over_p10"] >= 1
    for result in document["results"]:
        rows = {row["peer"]: row for row in result["rows"]}
        for peer in ("chainmend", "nginx"):
            assert rows[peer]["figure"] is not None and rows[peer]["figure"] > 0, rows[peer]["why"]
    full = {row["peer"]: row for row in document["results"][0]["rows"]}
    assert full[LIMIT]["figure"] > 0 and full["chainmend"]["over_limit"]["of_low"] > 1
    assert full["nginx"]["slices"] >= 2
    assert "ECDSA P-256, TLS 1.3, full" in stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ecdsa.svg", "latest.json"]
    assert str(tmp_path) not in (tmp_path / "latest.json").read_text()


@pytest.mark.alone
def test_a_server_that_runs_already_takes_part_and_goes_on(build, tmp_path):
    (tmp_path / "out").mkdir()
    backend = free_port()
    nginx = next(peer for peer in read_table(TABLE, build) if peer.name == "nginx")
    credential = make_credentials(tmp_path / "made")["ecdsa"]
    server = StartedServer(nginx, credential, tmp_path / "nginx", backend, 1, sorted(os.sched_getaffinity(0)))
    try:
        written = tmp_path / "more.table"
        written.write_text(f"other {server.port} {server.pid} ecdsa\n")
        running = comparison(build, tmp_path / "out", "--table", str(written), "--peers", "other",
                             "--backend-port", str(backend), "--only", "ecdsa-1.2-full",
                             "--only", "rsa-1.2-full", "--seconds", "2")
        _, stderr = running.communicate(timeout=120)
        assert running.returncode == 0, stderr
        assert len(family(server.pid)) == 2, "the master and its worker"
    finally:
        server.stop()
    full, rsa = json.loads((tmp_path / "out" / "latest.json").read_text())["results"]
    rows = {row["peer"]: row for row in full["rows"]}
    assert rows["other"]["figure"] > 0 and rows["other"]["failed_slices"] == 0, rows
    rows = {row["peer"]: row for row in rsa["rows"]}
    assert rows["other"]["why"] == "it runs already, with ecdsa alone" and rows["chainmend"]["figure"] > 0


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_leaves_nothing(build, tmp_path, number):
    running = comparison(build, tmp_path, "--only", "ecdsa-1.3-full", "--seconds", "60")
    while len(family(running.pid)) < 5:  # itself, the backend, chainmend, nginx and its worker
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    pids = family(running.pid)
    running.send_signal(number)
    _, stderr = running.communicate(timeout=30)
    assert running.returncode == 128 + number, stderr
    assert "stopped by" in stderr
    assert still_running(pids) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.alone
def test_what_was_measured_is_kept_when_the_time_is_up(build, tmp_path):
    running = comparison(build, tmp_path, "--only", "calls", "--only", "ecdsa-1.2-full", "--seconds", "60")
    for line in running.stderr:
        if "system calls a transaction" in line:  # the first case is done, the second one has begun
            running.send_signal(signal.SIGALRM)
            break
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 0 and "the time is up" in stderr, stderr
    document = json.loads((tmp_path / "latest.json").read_text())
    assert [result["case"] for result in document["results"]] == ["calls"]


@pytest.mark.parametrize("flags, complaint", [
    (["--only", "nothing"], "is no case"), (["--seconds", "100000"], "870 at the most"),
    (["--seconds", "-1"], "above 0"),
    (["--tail-seconds", "1e9"], "3600 at the most"), (["--no-such"], "unrecognized")])
@pytest.mark.alone
def test_wrong_usage_is_told_and_starts_nothing(build, tmp_path, flags, complaint):
    running = comparison(build, tmp_path, *flags)
    _, stderr = running.communicate(timeout=30)
    assert running.returncode == 64 and complaint in stderr


@pytest.mark.alone
def test_an_unknown_peer_is_told_with_those_that_there_are(build, tmp_path):
    running = comparison(build, tmp_path, "--peers", "apache")
    _, stderr = running.communicate(timeout=30)
    assert running.returncode == 64 and "apache: not in the table, which has chainmend, nginx" in stderr


def test_the_script_tells_its_options_without_installing_anything():
    done = subprocess.run([ROOT / "bench" / "compare.sh", "--help"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and "--only CASE" in done.stdout and "tail-rsa" in done.stdout
