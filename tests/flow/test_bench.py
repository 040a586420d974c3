"""chainmend-bench against real servers, good and bad: what it counts, why things fail, what they cost."""

import json
import os
import pty
import re
import signal
import ssl
import subprocess
import threading
import time

import pytest
from bench_tool import SCHEMA, Bench, echo_backend, nginx, openssl_server
from conftest import NAME, ROOT
from pki import DAY, NOW, Authority
from program import free_port
from tls_servers import Server, TlsServer, plain_text, reset, silent

COUNT = 60


@pytest.fixture(scope="module")
def bench(binary):
    path = binary.parent / "chainmend-bench"
    if not path.is_file():
        pytest.skip("chainmend-bench is not beside CHAINMEND")
    return Bench(path)


@pytest.fixture
def backend(binary):
    path = binary.parent / "bench" / "echo_backend"
    if not path.is_file():
        pytest.skip("CHAINMEND is not in a build folder")
    with echo_backend(path) as port:
        yield port


@pytest.fixture
def proxy(program, world, backend):
    """A chainmend in front of the echo backend: its port and process id."""
    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
        "backend": f"tcp://127.0.0.1:{backend}"}})
    return f"127.0.0.1:{port}", running.process.pid


def test_full_handshakes_with_an_echo(bench, proxy):
    target, pid = proxy
    told = bench.json(target, "--sni", NAME, "--count", COUNT, "--request", "echo:100", "--server-pid", pid)
    assert told["target"] == target and told["failures"] == {}
    assert told["transactions"] == told["handshakes"] == COUNT
    assert told["resumed"] == told["hello_retry_requests"] == 0
    assert told["versions"] == {"TLSv1.3": COUNT}
    assert told["bytes_up"] == told["bytes_down"] == 100 * COUNT
    assert told["server_cpu_s"] > 0 and told["server_cpu_us_per_transaction"] > 0
    assert 500 < told["server_flight_bytes_min"] <= told["server_flight_bytes"] <= told["server_flight_bytes_max"]
    for latency in told["latency_us"].values():
        values = [latency[name] for name in ("min", "p50", "p75", "p90", "p99", "p999", "max")]
        assert values == sorted(values) and values[0] > 0


@pytest.mark.parametrize("version, name", [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")])
def test_resumed_sessions(bench, proxy, version, name):
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--count", COUNT, "--request", "echo", "--resume", "--tls", version)
    assert told["resumed"] == told["transactions"] == COUNT
    assert told["versions"] == {name: COUNT}


def test_resuming_without_a_request(bench, proxy):
    """In TLS 1.2 the ticket is part of the handshake; in 1.3 it comes with what a server writes, if it writes."""
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--count", COUNT, "--resume", "--threads", 3, "--tls", "1.2")
    assert told["handshakes"] == told["resumed"] == COUNT
    result = bench.run(target, "--sni", NAME, "--count", COUNT, "--resume", "--tls", "1.3", "--json")
    if Bench.document(result.stdout)["resumed"] == 0:
        assert "no session ticket" in result.stderr and "--request" in result.stderr


@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
def test_the_group_is_the_one_that_was_asked_for(bench, proxy, group):
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--count", 10, "--groups", group)
    assert told["groups"] == {group: 10}
    assert told["hello_retry_requests"] == 0


def test_a_hybrid_group_where_the_boringssl_has_it(bench, proxy):
    target, _ = proxy
    result = bench.run(target, "--sni", NAME, "--count", 5, "--groups", "X25519MLKEM768,X25519", "--json", status=None)
    if result.returncode == 64:
        assert "--groups" in result.stderr
        pytest.skip("this BoringSSL has no X25519MLKEM768")
    assert Bench.document(result.stdout)["groups"] == {"X25519MLKEM768": 5}


def test_cipher_and_signature_algorithm(bench, proxy):
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--count", 10, "--tls", "1.2",
                      "--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", "--sigalgs", "ECDSA+SHA256")
    assert told["ciphers"] == {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": 10}
    told = bench.json(target, "--sni", NAME, "--count", 10, "--tls", "1.2", "--sigalgs", "RSA-PSS+SHA256", status=1)
    assert set(told["failures"]) == {"alert_handshake_failure"}


@pytest.mark.parametrize("algorithm", ["brotli", "zlib", "brotli,zlib"])
def test_compressed_certificates_are_fewer_bytes(bench, proxy, world, algorithm):
    target, _ = proxy
    whole = bench.json(target, "--sni", NAME, "--ca", world.roots, "--count", 5)
    told = bench.json(target, "--sni", NAME, "--ca", world.roots, "--count", 5, "--compress", algorithm)
    assert told["compressed_certificates"] == told["handshakes"] == 5
    assert whole["compressed_certificates"] == 0
    assert told["server_flight_bytes_max"] < whole["server_flight_bytes_min"]


@pytest.mark.parametrize("close", ["quick", "wait", "reset"])
def test_every_way_to_end(bench, proxy, close):
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--count", COUNT, "--request", "echo", "--close", close)
    assert told["transactions"] == COUNT


def test_bulk_both_ways(bench, proxy):
    target, pid = proxy
    size = 3_000_001
    down = bench.json(target, "--sni", NAME, "--count", 4, "-c", 2, "--request", f"bulk-down:{size}",
                      "--server-pid", pid)
    assert down["bytes_down"] == 4 * size and down["transactions"] == 4
    assert down["server_cpu_s_per_gib"] > 0
    up = bench.json(target, "--sni", NAME, "--count", 4, "-c", 2, "--request", f"bulk-up:{size}")
    assert up["bytes_up"] == 4 * (size + len(f"take {size}\n")) and up["bytes_down"] == 4 * len("ok")


def test_several_threads_share_the_count(bench, proxy):
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--count", 101, "--threads", 4, "--request", "echo")
    assert told["transactions"] == 101 and told["threads"] == 4


def test_a_duration_and_a_warm_up(bench, proxy):
    target, _ = proxy
    told = bench.json(target, "--sni", NAME, "--duration", "300ms", "--warm-up", "200ms", "--request", "echo")
    assert told["transactions"] > 0 and told["seconds"] >= 0.3 and told["missed_starts"] == 0


def test_idle_connections_and_the_memory_of_the_server(bench, proxy):
    target, pid = proxy
    told = bench.json(target, "--sni", NAME, "--idle", 200, "--hold", "200ms", "--request", "echo", "--server-pid", pid)
    memory = told["server_memory"]
    assert memory["held"] == told["handshakes"] == 200
    assert memory["held_all"]["rss_bytes"] > memory["before"]["rss_bytes"] > 1_000_000
    text = bench.run(target, "--sni", NAME, "--idle", 50, "--hold", "0", "--server-pid", pid).stdout
    assert "50 connections at once" in text and "a connection" in text


def test_connections_that_the_server_ends_while_they_are_held(bench, program, world, backend):
    port = free_port()
    running = program.run(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
        "backend": f"tcp://127.0.0.1:{backend}", "idle_timeout": "1s"}})
    told = bench.json(f"127.0.0.1:{port}", "--sni", NAME, "--idle", 20, "--hold", "4s", "--request", "echo",
                      "--server-pid", running.process.pid, status=1)
    assert told["failures"] == {"alert_internal_error": 20}
    assert told["server_memory"] is None


def test_names_are_asked_for_in_turn(bench, world, tmp_path):
    names = tmp_path / "names"
    names.write_text("a.example.com # the first\n\nb.example.com\n")
    with TlsServer(world.complete, world.key) as server:
        told = bench.json(f"127.0.0.1:{server.port}", "--sni", f"@{names}", "--sni", "c.example.com", "-c", 1,
                          "--count", 7)
        assert told["handshakes"] == 7
        assert server.names == [f"{letter}.example.com" for letter in "abcabca"]


def test_an_address_is_no_name(bench, world):
    with TlsServer(world.complete, world.key) as server:
        bench.json(f"127.0.0.1:{server.port}", "--count", 2)
        assert server.names == [None, None]


def test_openssl_s_server(bench, world, tmp_path):
    with openssl_server(tmp_path, world.complete, world.key) as port:
        told = bench.json(f"127.0.0.1:{port}", "--sni", NAME, "--ca", world.roots, "--count", 20, "-c", 2,
                          "--request", "http")
        assert told["transactions"] == 20 and told["verified"] is True
        told = bench.json(f"127.0.0.1:{port}", "--sni", NAME, "--count", 20, "-c", 2, "--request", "http", "--resume")
        assert told["resumed"] == told["transactions"] == 20


def test_a_server_of_other_groups_costs_a_second_round(bench, world, tmp_path):
    with openssl_server(tmp_path, world.complete, world.key, "-groups", "P-384") as port:
        told = bench.json(f"127.0.0.1:{port}", "--count", 5, "-c", 1, "--groups", "X25519,P-384")
        assert told["hello_retry_requests"] == 5 and told["groups"] == {"P-384": 5}


def test_nginx_and_its_children(bench, world, tmp_path):
    with nginx(tmp_path, world.complete, world.key) as (port, pid):
        target = f"127.0.0.1:{port}"
        whole = bench.json(target, "--sni", NAME, "--ca", world.roots, "--count", COUNT, "--request", "http",
                           "--server-pid", pid, "--server-children")
        assert whole["transactions"] == COUNT and whole["server_processes_lost"] == 0
        master = bench.json(target, "--sni", NAME, "--count", COUNT, "--request", "http", "--server-pid", pid)
        assert master["server_cpu_s"] < whole["server_cpu_s"]  # the worker is its child
        missing = bench.json(target, "--sni", NAME, "--count", 5, "--request", "http", "--path", "/none", status=1)
        assert missing["failures"] == {"http_status_404": 5} and missing["handshakes"] == 5


def test_certificates_are_verified_where_it_is_wished(bench, world, tmp_path):
    other = Authority.root("Another Root CA")
    roots, _ = other.write(tmp_path, "other")
    with TlsServer(world.complete, world.key) as server:
        target = f"127.0.0.1:{server.port}"
        assert bench.json(target, "--sni", NAME, "--ca", world.roots, "--count", 3)["handshakes"] == 3
        for arguments, why in ((["--sni", NAME, "--ca", roots], "unable_to_get_local_issuer_certificate"),
                               (["--sni", "other.example.com", "--ca", world.roots], "hostname_mismatch"),
                               (["--ca", world.roots], "ip_address_mismatch")):
            told = bench.json(target, *arguments, "--count", 3, status=1)
            assert told["failures"] == {f"verification_{why}": 3} and told["handshakes"] == 0
    old = world.issuing.issue_leaf([NAME], not_before=NOW - 20 * DAY, not_after=NOW - 10 * DAY)
    key = tmp_path / "old.key"
    key.write_text(old.key_pem)
    with TlsServer(world.chain("old", old, world.issuing), key) as server:
        told = bench.json(f"127.0.0.1:{server.port}", "--sni", NAME, "--ca", world.roots, "--count", 3, status=1)
        assert told["failures"] == {"verification_certificate_has_expired": 3}


@pytest.mark.parametrize("talk, cause", [(plain_text, "not_tls"), (reset, "reset"), (lambda pipe: pipe.receive(),
                                                                                     "closed_in_handshake")])
def test_servers_that_speak_no_tls(bench, talk, cause):
    with Server(talk) as server:
        told = bench.json(f"127.0.0.1:{server.port}", "--count", 12, status=1)
        assert told["failures"] == {cause: 12} and told["failures_total"] == 12
        assert told["server_flight_bytes"] is None and told["server_cpu_s"] is None


def test_a_silent_server_runs_into_the_time_limit(bench):
    with Server(silent) as server:
        told = bench.json(f"127.0.0.1:{server.port}", "--count", 5, "--timeout", "300ms", status=1)
        assert told["failures"] == {"timeout_of_handshake": 5}


def test_a_port_where_nobody_listens(bench):
    told = bench.json(f"127.0.0.1:{free_port()}", "--count", 10, status=1)
    assert told["failures"] == {"connect_refused": 10} and told["gave_up"] is False
    told = bench.json(f"127.0.0.1:{free_port()}", "--duration", "1h", status=1)
    assert told["gave_up"] is True and 200 <= told["failures"]["connect_refused"] < 300


def test_answers_that_are_wrong(bench, world):
    def lie(pipe):
        pipe.receive()
        pipe.send(b"Z")
        pipe.receive_all()

    def leave(pipe):
        pipe.receive()
        pipe.end()

    def wait(pipe):
        pipe.receive()
        pipe.receive()
    for talk, cause in ((lie, "wrong_echo"), (leave, "closed_before_answer"), (wait, "timeout_of_answer")):
        with TlsServer(world.complete, world.key, talk) as server:
            told = bench.json(f"127.0.0.1:{server.port}", "--count", 4, "--request", "echo", "--timeout", "500ms",
                              status=1)
            assert told["failures"] == {cause: 4} and told["handshakes"] == 4 and told["transactions"] == 0


def test_alerts_by_their_names(bench, world):
    with TlsServer(world.complete, world.key, minimum=ssl.TLSVersion.TLSv1_3) as server:
        server.unknown_names.add("no.example.com")
        target = f"127.0.0.1:{server.port}"
        told = bench.json(target, "--tls", "1.2", "--count", 3, status=1)
        assert told["failures"] == {"alert_protocol_version": 3}
        told = bench.json(target, "--sni", "no.example.com", "--sni", NAME, "--count", 4, status=1)
        assert told["failures"] == {"alert_unrecognized_name": 2} and told["handshakes"] == 2


def test_an_open_loop_counts_from_when_each_was_meant_to_start(bench, world):
    """One connection at a time and 50 ms each: of 20 starts, 10 ms apart, the last waits for 800 ms. A closed loop does
    not see that anybody waited."""
    def slow(pipe):
        pipe.receive()
        time.sleep(0.05)
        pipe.send(b"a")
        pipe.receive_all()
    with TlsServer(world.complete, world.key, slow) as server:
        arguments = [f"127.0.0.1:{server.port}", "--request", "echo", "-c", 1, "--count", 20]
        opened = bench.json(*arguments, "--rate", 100)
        closed = bench.json(*arguments)
    assert opened["transactions"] == closed["transactions"] == 20
    assert opened["rate"] == 100 and closed["rate"] is None
    assert opened["latency_us"]["transaction"]["max"] > 800_000
    assert opened["latency_us"]["transaction"]["p50"] > 300_000
    assert opened["latency_us"]["transaction"]["p50"] > 2 * closed["latency_us"]["transaction"]["p50"]


def test_starts_that_never_took_place_are_told(bench, world):
    def slow(pipe):
        pipe.receive()
        time.sleep(0.2)
        pipe.send(b"a")
        pipe.receive_all()
    with TlsServer(world.complete, world.key, slow) as server:
        told = bench.json(f"127.0.0.1:{server.port}", "--request", "echo", "-c", 1, "--duration", "1s", "--rate", 100)
    assert told["missed_starts"] + told["transactions"] == 100
    assert told["missed_starts"] > 80


def test_an_interrupted_run_prints_what_it_has(bench, proxy):
    target, _ = proxy
    process = bench.spawn(target, "--sni", NAME, "--duration", "10m", "--request", "echo", "--json",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    told = Bench.document(out)
    assert told["interrupted"] is True and told["transactions"] > 0


def test_a_progress_line_on_a_terminal_alone(bench, proxy):
    target, _ = proxy
    master, slave = pty.openpty()
    seen = []

    def drain():
        try:
            while data := os.read(master, 4096):
                seen.append(data)
        except OSError:
            pass
    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    process = bench.spawn(target, "--sni", NAME, "--duration", "1s", stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    process.communicate(timeout=60)
    reader.join(10)
    os.close(master)
    text = b"".join(seen).decode()
    assert "measuring" in text and "handshakes" in text
    assert text.endswith("\r\x1b[K")  # nothing of it stays
    assert bench.run(target, "--sni", NAME, "--duration", "600ms").stderr == ""


def test_the_report_for_a_person(bench, proxy):
    target, pid = proxy
    text = bench.run(target, "--sni", NAME, "--count", 20, "--request", "echo", "--server-pid", pid).stdout
    for words in ("20 in", "TLSv1.3 20", "server CPU", "us a transaction", "server flight", "p99.9", "handshake"):
        assert words in text
    assert "\x1b" not in text


@pytest.mark.parametrize("arguments, words", [
    ([], "HOST:PORT"),
    (["127.0.0.1"], "127.0.0.1"),
    (["127.0.0.1:1", "--groups", "no-such-group"], "--groups"),
    (["127.0.0.1:1", "--ciphers", "no-such-cipher"], "--ciphers"),
    (["127.0.0.1:1", "--sigalgs", "no-such-algorithm"], "--sigalgs"),
    (["127.0.0.1:1", "--ca", "/nonexistent.pem"], "--ca"),
    (["127.0.0.1:1", "--server-pid", "2147483647", "--count", "1"], "--server-pid"),
    (["127.0.0.1:1", "--conections", "5"], "did you mean --connections"),
])
def test_wrong_usage(bench, arguments, words):
    result = bench.run(*arguments, status=64)
    assert result.stderr.startswith("chainmend-bench: ") and words in result.stderr and result.stdout == ""
    assert result.stderr.count("\n") == 1


def test_a_host_that_does_not_exist(bench):
    result = bench.run("nowhere.invalid:443", status=1)
    assert "look up" in result.stderr


def test_every_option_is_in_the_manuals(bench):
    text = bench.run("--help").stdout
    options = set(re.findall(r"--[a-z][a-z-]+", text))
    assert len(options) >= 25
    page = (ROOT / "conf" / "install" / "chainmend-bench.1").read_text().replace("\\-", "-")
    manual = (ROOT / "docs" / "benchmarking.md").read_text()
    assert [option for option in sorted(options) if option not in page] == []
    assert [option for option in sorted(options - {"--help"}) if option not in manual] == []


def test_every_member_and_every_cause_is_described():
    manual = (ROOT / "docs" / "benchmarking.md").read_text()
    assert [name for name in SCHEMA["required"] if f"`{name}`" not in manual] == []
    source = "".join((ROOT / "bench" / "load" / name).read_text() for name in ("transaction.c", "request.c"))
    causes = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', source)) | {"reset", "unreachable"}
    assert len(causes) > 14
    assert [cause for cause in sorted(causes) if f"`{cause}`" not in manual] == []


def test_an_ipv6_address_and_a_cpu_of_its_own(bench, world):
    with TlsServer(world.complete, world.key, host="::1") as server:
        cpu = min(os.sched_getaffinity(0))
        told = bench.json(f"[::1]:{server.port}", "--count", 3, "--pin", cpu)
        assert told["target"] == told["address"] == f"[::1]:{server.port}" and told["handshakes"] == 3


def test_a_name_with_several_addresses(bench, world):
    """localhost may be ::1 and 127.0.0.1: the one that answers is taken."""
    with TlsServer(world.complete, world.key) as server:
        told = bench.json(f"localhost:{server.port}", "--count", 3)
        assert told["handshakes"] == 3 and told["address"] == f"127.0.0.1:{server.port}"
        assert server.names.count("localhost") == 3


@pytest.mark.parametrize("flags", [[], ["--resumed"], ["--tls", "1.2", "--resumed"], ["--groups", "P-256"],
                                   ["--bulk", "1m", "--connections", "4"]])
def test_the_limit(binary, flags):
    path = binary.parent / "bench" / "limit"
    if not path.is_file():
        pytest.skip("CHAINMEND is not in a build folder")
    result = subprocess.run([str(path), "--runs", "2", "--count", "5", "--slice", "50ms", "--json", *flags], text=True,
                            capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["limit_us"] == pytest.approx(told["handshake_us"]["median"] + told["relay_us"]["median"], rel=0.001)
    assert len(told["relay_us"]["slices"]) == 2 and told["resumed"] == ("--resumed" in flags)
    assert (told["bulk_down_cpu_s_per_gib"] is not None) == ("--bulk" in flags)


def test_the_limit_with_a_chain_of_ones_own(binary, world):
    path = binary.parent / "bench" / "limit"
    if not path.is_file():
        pytest.skip("CHAINMEND is not in a build folder")
    arguments = [str(path), "--runs", "1", "--count", "5", "--no-relay", "--certificate", str(world.complete)]
    good = subprocess.run([*arguments, "--private-key", str(world.key)], capture_output=True, text=True, timeout=60,
                          check=False)
    assert good.returncode == 0 and "the certificate given" in good.stdout
    alone = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert alone.returncode == 64 and "go together" in alone.stderr


def test_a_full_disk_is_no_success(bench, proxy):
    target, _ = proxy
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([str(bench.binary), target, "--sni", NAME, "--count", "1"], stdout=full,
                                stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert result.returncode == 1 and "standard output" in result.stderr
