"""run in front of a TLS backend: its chain is mended and verified with its names, verified as sent, or not at all."""

import hashlib
import ssl
import threading

import pytest
from aia_server import after, body
from clients import curl
from conftest import NAME
from cryptography.hazmat.primitives import serialization
from pki import Authority, self_signed_leaf
from program import eventually, free_port
from tls_servers import Server, TlsServer, http_answer, plain_text


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend_port}", "backend_name": NAME, **more}}


def fetches(port, world):
    return curl(port, NAME, world.roots)


def test_a_broken_backend_chain_is_completed_and_then_verified(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        answer = fetches(port, world)
        assert answer.ok, f"{answer}\n{running.report()}"
        assert answer.stdout == "hello from the backend\n"
        assert NAME in backend.names, "the backend is asked by SNI"


def test_a_handshake_waits_for_the_mender_and_then_goes_on(program, world):
    port, release = free_port(), threading.Event()
    world.aia.route(world.path, after(release, body(world.issuing.der)))
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        answers = []
        client = threading.Thread(target=lambda: answers.append(fetches(port, world)))
        client.start()
        eventually("the intermediate is asked for", lambda: world.aia.count(world.path))
        release.set()
        client.join(60)
    assert answers and answers[0].ok, f"{answers}\n{running.report()}"


def test_strict_takes_a_complete_chain_and_refuses_a_leaf_alone(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, backend_verify="strict"))
        assert not fetches(port, world).ok
        backend.use(world.complete, world.key)
        eventually("the complete chain is taken", lambda: fetches(port, world).ok, also=running.report)


def untrusted(world):
    private = Authority.root("Private Root CA")
    return private.issue_leaf([NAME])


@pytest.mark.parametrize("leaf", [untrusted, lambda world: self_signed_leaf([NAME]),
                                  lambda world: world.issuing.issue_leaf(["other.test"], aia=[world.url])])
@pytest.mark.parametrize("verify, works", [("mend", False), ("strict", False), ("off", True)])
def test_a_backend_that_nobody_vouches_for_gets_no_byte_unless_verification_is_off(program, world, leaf, verify, works,
                                                                                   tmp_path):
    port = free_port()
    chain, key = leaf(world).write(tmp_path, "bad")
    heard = []

    def talk(pipe):
        heard.append(pipe.receive())
        pipe.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        pipe.end()

    with TlsServer(chain, key, talk) as backend:
        running = program.run(world.settings(), site(world, port, backend.port, backend_verify=verify))
        answer = fetches(port, world)
        if works:
            assert answer.ok, f"{answer}\n{running.report()}"
        else:
            assert not answer.ok
            assert not any(heard), "not a byte of the client's goes to a backend that is not verified"


def test_a_self_signed_backend_is_taken_by_its_pin(program, world, tmp_path):
    leaf = self_signed_leaf(["appliance.test"])
    chain, key = leaf.write(tmp_path, "appliance")
    pin = hashlib.sha256(leaf.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    port, other_port = free_port(), free_port()
    with TlsServer(chain, key, http_answer()) as backend:
        sites = {"pinned": site(world, port, backend.port, backend_pin=pin)["mail"],
                 "wrong": site(world, other_port, backend.port, backend_pin="00" * 32)["mail"]}
        running = program.run(world.settings(), sites)
        answer = fetches(port, world)
        assert answer.ok, f"{answer}\n{running.report()}"
        assert not fetches(other_port, world).ok


def test_a_backend_that_asks_for_a_certificate_gets_one(program, world, tmp_path):
    authority = Authority.root("Client Root CA")
    client_roots, _ = authority.write(tmp_path, "client-root")
    certificate, key = authority.issue_leaf(["client.test"], purpose="client").write(tmp_path, "client")
    port, bare_port = free_port(), free_port()
    with TlsServer(world.complete, world.key, http_answer(), client_ca=client_roots) as backend:
        sites = {"with": site(world, port, backend.port, backend_certificate=certificate, backend_key=key)["mail"],
                 "without": site(world, bare_port, backend.port)["mail"]}
        running = program.run(world.settings(), sites)
        answer = fetches(port, world)
        assert answer.ok, f"{answer}\n{running.report()}"
        assert not fetches(bare_port, world).ok


def test_the_probe_writes_down_what_is_wrong_with_the_backend(program, world):
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        finding = running.wait_for_fix("missing_intermediate", subject_of="backend")
        assert finding["site"] == "mail"


def test_a_backend_that_is_not_there_is_told_by_the_probe_and_resolved_when_it_is_back(program, world):
    port, backend_port = free_port(), free_port()
    running = program.run(world.settings(), site(world, port, backend_port, probe_interval="1s"))
    running.wait_for_fix("backend_unreachable", subject_of="backend")
    with TlsServer(world.complete, world.key, http_answer(), port=backend_port):
        eventually("it is resolved", lambda: any("resolved" in str(line) and line["code"] == "backend_unreachable"
                                                 for line in running.fixes()), also=running.report)
        assert fetches(port, world).ok


def test_a_backend_that_speaks_no_tls_is_told_by_the_probe(program, world):
    port = free_port()
    with Server(plain_text) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        running.wait_for_fix("backend_tls_failed", subject_of="backend")
        assert not fetches(port, world).ok


def test_a_backend_with_another_name_is_told_by_the_probe(program, world):
    port = free_port()
    chain, key = world.issuing.issue_leaf(["other.test"], aia=[world.url]).write(world.folder, "other")
    with TlsServer(chain, key, http_answer()) as backend:
        running = program.run(world.settings(), site(world, port, backend.port))
        running.wait_for_fix("backend_name_mismatch", subject_of="backend")


def test_an_old_backend_is_reached_only_where_that_is_asked_for(program, world):
    port, old_port = free_port(), free_port()
    with TlsServer(world.complete, world.key, http_answer(), minimum=ssl.TLSVersion.TLSv1_2,
                   maximum=ssl.TLSVersion.TLSv1_2) as backend:
        sites = {"any": site(world, port, backend.port)["mail"],
                 "new": site(world, old_port, backend.port, backend_tls_min="1.3")["mail"]}
        program.run(world.settings(), sites)
        assert fetches(port, world).ok
        assert not fetches(old_port, world).ok
