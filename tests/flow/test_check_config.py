"""run --check-config: what it would refuse, what it tells, and how it ends."""

from __future__ import annotations

import os
import socket

import pytest
from conftest import NAME
from pki import DAY, NOW, chain_pem
from program import free_port
from tls_servers import Server, TlsServer, echo


@pytest.fixture
def look(program, world):
    """Runs it for one site with a backend that answers, and with --strict too."""
    with Server(echo) as backend:
        def run(settings=None, **more):
            site = {"listen": f"127.0.0.1:{free_port()}", "hostnames": NAME, "certificate": world.complete,
                    "key": world.key, "backend": f"tcp://127.0.0.1:{backend.port}", **more}
            path = program.write({**world.settings(), **(settings or {})}, {"mail": site})
            plain = program.command("run", "-c", path, "--check-config")
            strict = program.command("run", "-c", path, "--check-config", "--strict")
            assert plain.stderr == strict.stderr
            return plain, strict
        yield run


def test_what_is_good_is_told_so(look):
    world_is_good, strict = look()
    assert (world_is_good.returncode, strict.returncode) == (0, 0), strict
    assert "The configuration is good." in world_is_good.stdout
    assert [line for line in strict.stderr.splitlines() if "private key" not in line] == []


def expect_error(results, *words):
    plain, strict = results
    assert (plain.returncode, strict.returncode) == (0, 1), plain
    for word in words:
        assert word in plain.stderr, plain.stderr
    assert "in what it names: see above" in plain.stdout, plain.stdout


def test_a_name_that_no_certificate_covers(look):
    expect_error(look(hostnames=[NAME, "owa.contoso.test"]), "mail: name_not_covered: ", "owa.contoso.test")


def test_an_expired_leaf(look, world, tmp_path):
    leaf = world.issuing.issue_leaf([NAME], not_before=NOW - 90 * DAY, not_after=NOW - DAY)
    file = tmp_path / "old.pem"
    file.write_text(leaf.key_pem + chain_pem(leaf, world.issuing))
    plain, strict = look(certificate=file, key=[])
    expect_error((plain, strict), "mail: leaf_expired: ")


def test_a_leaf_for_another_purpose(look, world, tmp_path):
    leaf = world.issuing.issue_leaf([NAME], purpose="client")
    file = tmp_path / "client.pem"
    file.write_text(leaf.key_pem + chain_pem(leaf, world.issuing))
    expect_error(look(certificate=file, key=[]), "mail: wrong_purpose: ")


def test_what_may_still_be_fetched_is_no_error(look, world):
    plain, strict = look(certificate=world.leaf_alone)
    assert (plain.returncode, strict.returncode) == (0, 0), plain
    assert "what is missing is looked for once the proxy runs" in plain.stdout


def test_what_cannot_be_fetched_is_an_error(look, world):
    expect_error(look(settings={"fetch": "off"}, certificate=world.leaf_alone), "mail: incomplete_chain: ")


def test_a_backend_that_does_not_answer(look):
    closed = free_port()
    expect_error(look(backend=f"tcp://127.0.0.1:{closed}"),
                 f"mail: backend tcp://127.0.0.1:{closed}: Connection refused")
    expect_error(look(backend=f"tls://127.0.0.1:{closed}", backend_name=NAME),
                 f"mail: backend tls://127.0.0.1:{closed}: ")


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_offline_asks_no_backend(program, world, kind):
    asked = []
    with Server(lambda _: asked.append(True)) as backend:
        path = program.write(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{free_port()}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
            "backend": [f"{kind}://127.0.0.1:{backend.port}", f"{kind}://127.0.0.1:{free_port()}"]}})
        result = program.command("run", "-c", path, "--check-config", "--offline", "--strict")
        assert result.returncode == 0 and "The configuration is good." in result.stdout, result
        assert backend.num_accepted == 0


def test_offline_is_for_a_look_alone(program):
    assert program.command("run", "--offline").returncode == 64


@pytest.fixture
def full_queue():
    """The port of a server that takes no more connections, and refuses none."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        yield server.getsockname()[1]
        for client in waiting:
            client.close()


def test_backends_that_do_not_answer_are_not_waited_for_without_end(program, world, full_queue):
    sites = {f"s{i}": {"listen": f"127.0.0.1:{free_port()}", "hostnames": NAME, "certificate": world.complete,
                       "key": world.key, "backend": [f"tcp://127.0.0.1:{full_queue}"] * 64} for i in range(7)}
    result = program.command("run", "-c", program.write(world.settings(), sites), "--check-config")
    assert result.returncode == 0, result
    assert "s0: backend tcp://127.0.0.1:" in result.stderr, result
    assert "backends were not asked: the others took 10 s to answer" in result.stderr, result


def test_a_tls_backend_that_speaks_none(look):
    with Server(lambda pipe: pipe.send(b"220 ready\r\n")) as other:
        expect_error(look(backend=f"tls://127.0.0.1:{other.port}", backend_name=NAME),
                     f"mail: backend tls://127.0.0.1:{other.port}: ")


def test_the_certificate_of_the_backend_is_judged_too(look, world, tmp_path):
    leaf = world.issuing.issue_leaf(["other.contoso.test"])
    file, key = tmp_path / "backend.pem", tmp_path / "backend.key"
    file.write_text(chain_pem(leaf, world.issuing))
    key.write_text(leaf.key_pem)
    with TlsServer(file, key) as server:
        expect_error(look(certificate="backend", key=key, backend=f"tls://127.0.0.1:{server.port}", backend_name=NAME),
                     "mail: name_not_covered: ", NAME)


def test_directories_that_are_not_there(look, tmp_path):
    missing = tmp_path / "a" / "b"
    expect_error(look(settings={"fix_log": missing / "fixes.jsonl"}), f"fix_log: {missing}: the user ",
                 "can neither write in this directory nor make it")
    expect_error(look(settings={"cache": missing}), f"cache: {missing}: the user ")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who becomes another user")
def test_directories_are_looked_at_as_the_user(look, world, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    expect_error(look(settings={"cache": closed, "fix_log": "stderr", "user": "nobody", "group": "nogroup"}),
                 f"cache: {closed}: the user nobody ")
