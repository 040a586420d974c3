"""SIGHUP, files that change, and what a wrong new state must not do to the old one."""

import os
import shutil
import signal
import threading
import time
import urllib.request

from aia_server import body, slow, status
from clients import curl, python_pipe, served_chain
from conftest import NAME
from metrics_text import read_metrics
from program import configuration, descriptors_of, eventually, free_port, is_listening
from tls_servers import Server, TlsServer, http_answer


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.leaf_alone,
                     "key": world.key, "backend": f"tcp://127.0.0.1:{backend_port}", **more}}


def rewrite(path, world, sites):
    path.write_text(configuration(world.settings(), sites))


def only_configuration(program):
    (path,) = program.folder.glob("chainmend-*.ini")
    return path


def test_sighup_takes_a_new_certificate_and_cuts_no_connection(program, world):
    port = free_port()
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=world.complete))
        with python_pipe(port, NAME, world.roots) as old:
            old.send(b"one")
            assert old.receive_exactly(3) == b"one"
            renewed = world.issuing.issue_leaf([NAME], aia=[world.url])
            certificate, key = renewed.write(world.folder, "renewed")
            rewrite(only_configuration(program), world,
                    site(world, port, backend.port, certificate=certificate, key=key))
            running.signal(signal.SIGHUP)
            eventually("the renewed chain", lambda: served_chain(port, NAME) == [renewed.sha256, world.issuing.sha256],
                       also=running.report)
            old.send(b"two")
            assert old.receive_exactly(3) == b"two"
            old.end()
            assert old.receive_all() == b""


def test_a_wrong_configuration_leaves_the_old_one_serving_and_is_told(program, world):
    port = free_port()
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=world.complete))
        path = only_configuration(program)
        good = path.read_text()
        for wrong, words in (("[site mail]\nlissten = 1\n", "lissten"), ("rubbish", path.name), (
                good.replace(str(world.key), "/no/such/key"), "/no/such/key")):
            said = len(running.stderr)
            path.write_text(wrong)
            running.signal(signal.SIGHUP)
            running.wait_for_words(words, said)
            assert curl(port, NAME, world.roots).ok
        path.unlink()
        said = len(running.stderr)
        running.signal(signal.SIGHUP)
        running.wait_for_words(path.name, said)
        assert curl(port, NAME, world.roots).ok


def test_a_changed_certificate_file_is_taken_by_itself(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "watched")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
        beside = tmp_path / "watched.new"
        beside.write_text(renewed.pem)
        os.replace(beside, certificate)
        eventually("the renewed chain", lambda: served_chain(port, NAME) == [renewed.sha256, world.issuing.sha256],
                   60, running.report)


def test_a_certificate_file_that_changes_to_rubbish_leaves_the_old_one_serving(program, world, tmp_path):
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "watched")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=certificate, key=key))
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        said = len(running.stderr)
        certificate.write_text("half a certif")
        running.signal(signal.SIGHUP)
        running.wait_for_words(certificate.name, said)
        assert served_chain(port, NAME) == world.mended


def test_listeners_come_and_go_with_a_reload(program, world):
    first, second = free_port(), free_port()
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), site(world, first, backend.port, certificate=world.complete))
        rewrite(only_configuration(program), world, site(world, second, backend.port, certificate=world.complete))
        running.signal(signal.SIGHUP)
        eventually("the new listener", lambda: is_listening(second), also=running.report)
        eventually("the old one is closed", lambda: not is_listening(first), also=running.report)
        assert curl(second, NAME, world.roots).ok


def test_a_backend_moves_with_a_reload(program, world):
    port = free_port()
    with Server(http_answer("one")) as one, Server(http_answer("two")) as two:
        running = program.run(world.settings(), site(world, port, one.port, certificate=world.complete))
        assert curl(port, NAME, world.roots).stdout == "one"
        rewrite(only_configuration(program), world, site(world, port, two.port, certificate=world.complete))
        running.signal(signal.SIGHUP)
        eventually("the new backend answers", lambda: curl(port, NAME, world.roots).stdout == "two",
                   also=running.report)


def test_many_reloads_in_a_row_lose_no_handshake(program, world):
    port = free_port()
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=world.complete))
        for _ in range(30):
            running.signal(signal.SIGHUP)
            answer = curl(port, NAME, world.roots)
            assert answer.ok, f"{answer}\n{running.report()}"


def test_what_only_a_start_can_take_is_told(program, world):
    port = free_port()
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, certificate=world.complete))
        only_configuration(program).write_text(configuration(
            world.settings(workers=3, user="nobody", group="nogroup", max_connections=5),
            site(world, port, backend.port, certificate=world.complete)))
        running.signal(signal.SIGHUP)
        running.wait_for_words("reload: SIGHUP: done, 1 site\n")
        for key in ("workers", "user", "group", "max_connections"):
            assert f"chainmend: {key}: the new value takes effect at the next start\n" in running.stderr
        assert curl(port, NAME, world.roots).ok


def test_fifty_reloads_under_traffic_lose_nothing_and_leak_nothing(program, world):
    """`certificate = backend` has the most that passes over: leaf, chain, kept issuers, verdicts, probes. The issuer is
    slow, so that reloads come while it is fetched."""
    port = free_port()
    world.aia.route(world.path, slow(0.05, body(world.issuing.der)))
    ended = threading.Event()
    failures: list[str] = []
    answers: list[int] = []

    def client():
        while not ended.is_set():
            answer = curl(port, NAME, world.roots)
            answers.append(1)
            if not answer.ok:
                failures.append(str(answer))

    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(
            world, port, backend.port, certificate="backend", backend=f"tls://127.0.0.1:{backend.port}",
            backend_name=NAME))
        eventually("the first answer", lambda: curl(port, NAME, world.roots).ok, also=running.report)
        few = len(descriptors_of(running.process.pid))
        clients = [threading.Thread(target=client) for _ in range(2)]
        for thread in clients:
            thread.start()
        for number in range(50):
            if number % 10 == 0:
                shutil.rmtree(world.cache, ignore_errors=True)
            running.signal(signal.SIGHUP)
            eventually("the reload", lambda: running.stderr.count("reload: SIGHUP: done") > number,
                       also=running.report)
        ended.set()
        for thread in clients:
            thread.join(60)
        assert not failures, failures[0]
        assert answers
        eventually("no descriptor is left behind", lambda: len(descriptors_of(running.process.pid)) <= few,
                   also=running.report)


def test_a_reload_makes_another_fetcher_and_keeps_what_was_fetched(program, world):
    """A failure is not remembered across it, a fetched issuer is, though it stands in no cache."""
    port = free_port()
    world.cache.write_text("a file where the directory should be\n")
    world.aia.route(world.path, status(503))
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        running.wait_for_fix("fetch_failed")
        running.wait_for_words("1 certificate given, 1 served; not trusted by every store")
        assert world.aia.count(world.path) == 1
        world.aia.route(world.path, body(world.issuing.der))
        running.signal(signal.SIGHUP)
        eventually("the mended chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        assert world.aia.count(world.path) == 2, "asked at once, and not after the pause of a failure"
        for _ in range(3):
            said = len(running.stderr)
            running.signal(signal.SIGHUP)
            running.wait_for_words("reload: SIGHUP: done", said)
            assert served_chain(port, NAME) == world.mended
        assert world.aia.count(world.path) == 2


def mends(admin):
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics") as answer:
        return read_metrics(answer.read().decode())["chainmend_mends_total"].value()


def settled(admin):
    """Waits until nothing is mended any more."""
    while (before := mends(admin)) != (time.sleep(0.5), mends(admin))[1]:
        pass
    return before


def test_a_reload_costs_what_it_changes(program, world):
    """One site of nine has another certificate: the others are neither mended nor probed anew."""
    ports, admin = [free_port() for _ in range(9)], free_port()
    first = world.issuing.issue_leaf([NAME])
    certificate, key = first.write(world.folder, "first")
    with TlsServer(world.complete, world.key) as backend, TlsServer(world.complete, world.key) as own:
        sites = {f"s{i}": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "backend_name": NAME,
                           "certificate": certificate if i == 0 else world.complete,
                           "key": key if i == 0 else world.key,
                           "backend": f"tls://127.0.0.1:{(own if i == 0 else backend).port}"}
                 for i, port in enumerate(ports)}
        running = program.run(world.settings(admin=admin), sites)
        eventually("all backends are probed", lambda: len(backend.names) == 8 and own.names, also=running.report)
        before = settled(admin)
        renewed = world.issuing.issue_leaf([NAME], key=first.key)
        certificate.write_text(renewed.pem)  # whose issuer the backend sends
        eventually("the renewed chain", lambda: served_chain(ports[0], NAME) == [renewed.sha256, world.issuing.sha256],
                   also=running.report)
        assert settled(admin) - before <= 3, running.report()
        assert len(backend.names) == 8, "a backend was probed anew"
        # An operator who asks for a reload sees the backends as they are.
        running.signal(signal.SIGHUP)
        eventually("all backends are probed anew", lambda: len(backend.names) == 16, also=running.report)
        assert served_chain(ports[1], NAME) == world.mended
