"""Session tickets with a real client: what resumes where, and keys that several processes share."""

import base64
import os
import signal

import pytest
from clients import s_client
from conftest import NAME
from pki import chain_pem
from program import eventually, free_port
from tls_servers import Server

VERSIONS = ["-tls1_2", "-tls1_3"]
OTHER = "www.fabrikam.test"


def resumes(port, name, roots, version, session, keep=None):
    """Offers `session` where it is there; the ticket that comes goes to `keep`. Was it resumed?

    s_client takes a TLS 1.3 ticket only when it reads after the handshake: it reads until the backend's bytes end.
    """
    flags = ["-sess_in", session] if session is not None and session.exists() else []
    flags += ["-sess_out", keep] if keep is not None else []
    answer = s_client(port, name, roots, version, "-ign_eof", *flags)
    assert ("New, TLSv1" in answer.stdout) != ("Reused, TLSv1" in answer.stdout), answer
    assert keep is None or keep.exists(), answer
    return "Reused, TLSv1" in answer.stdout


def say_hello(pipe):
    """One byte, and the end: all that a client needs to see the ticket."""
    pipe.send(b"x")


@pytest.fixture
def backend():
    with Server(say_hello) as server:
        yield server


def site(world, port, backend, **more):
    return {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
            "backend": f"tcp://127.0.0.1:{backend.port}", **more}


def write_keys(path, *keys):
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(base64.b64encode(key).decode() + "\n" for key in keys))
    fresh.chmod(0o640)
    os.replace(fresh, path)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_worker_reads_what_another_wrote(program, world, tmp_path, backend, version):
    port, session = free_port(), tmp_path / "session"
    program.run(world.settings(workers=4), {"mail": site(world, port, backend)})
    assert not resumes(port, NAME, world.roots, version, None, session)
    # The kernel spreads connections over the workers: twelve would hardly all come to the one that wrote.
    assert all(resumes(port, NAME, world.roots, version, session) for _ in range(12))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_goes_on_across_a_reload_and_ends_with_the_process(program, world, tmp_path, backend, version):
    port, session = free_port(), tmp_path / "session"
    sites = {"mail": site(world, port, backend)}
    running = program.run(world.settings(), sites)
    assert not resumes(port, NAME, world.roots, version, None, session)
    running.signal(signal.SIGHUP)
    running.wait_for_words("SIGHUP: done")
    assert resumes(port, NAME, world.roots, version, session)
    running.stop()
    program.run(world.settings(), sites)
    assert not resumes(port, NAME, world.roots, version, session)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_never_crosses_sites_nor_names(program, world, tmp_path, backend, version):
    """One listener, one key, one certificate that covers all: a ticket of one site or name is none for another."""
    port, session, other = free_port(), tmp_path / "session", tmp_path / "other"
    leaf = world.issuing.issue_leaf([NAME, OTHER, "*.contoso.test"], aia=[world.url])
    (world.folder / "both.pem").write_text(leaf.key_pem + chain_pem(leaf, world.issuing))
    common = {"listen": f"127.0.0.1:{port}", "certificate": world.folder / "both.pem",
              "backend": f"tcp://127.0.0.1:{backend.port}"}
    program.run(world.settings(), {"contoso": {**common, "hostnames": [NAME, "*.contoso.test"]},
                                   "fabrikam": {**common, "hostnames": OTHER}})
    assert not resumes(port, NAME, world.roots, version, None, session)
    assert resumes(port, NAME, world.roots, version, session)
    assert not resumes(port, OTHER, world.roots, version, session, other)
    assert not resumes(port, NAME, world.roots, version, other)
    assert not resumes(port, "owa.contoso.test", world.roots, version, session)
    assert resumes(port, NAME, world.roots, version, session)


@pytest.mark.parametrize("version", VERSIONS)
def test_two_processes_share_a_file_and_a_restart_keeps_it(program, world, tmp_path, backend, version):
    ports, session, keys = [free_port(), free_port()], tmp_path / "session", tmp_path / "ticket.keys"
    keys.write_bytes(os.urandom(160))
    keys.chmod(0o600)
    running = [program.run({**world.settings(ticket_keys=keys), "fix_log": tmp_path / f"fixes-{port}.jsonl"},
                           {"mail": site(world, port, backend)}) for port in ports]
    assert not resumes(ports[0], NAME, world.roots, version, None, session)
    assert resumes(ports[1], NAME, world.roots, version, session)
    running[0].stop()
    program.run(world.settings(ticket_keys=keys), {"mail": site(world, ports[0], backend)})
    assert resumes(ports[0], NAME, world.roots, version, session)
    assert "ticket" not in running[1].stderr


def test_a_file_is_rolled_while_it_is_used(program, world, tmp_path, backend):
    """A new key in front: the old ticket is read, the new one is written with the new key. Then the old key goes."""
    port, keys = free_port(), tmp_path / "ticket.keys"
    old, new = os.urandom(80), os.urandom(48)
    write_keys(keys, old)
    running = program.run(world.settings(ticket_keys=keys), {"mail": site(world, port, backend)})
    first, second = tmp_path / "first", tmp_path / "second"
    assert not resumes(port, NAME, world.roots, "-tls1_2", None, first)

    write_keys(keys, new, old)  # no signal: the file is watched
    running.wait_for_words("a certificate or key file has changed: done")
    assert resumes(port, NAME, world.roots, "-tls1_2", first)
    assert not resumes(port, NAME, world.roots, "-tls1_2", None, second)

    write_keys(keys, new)
    said = len(running.stderr)
    running.signal(signal.SIGHUP)
    running.wait_for_words("SIGHUP: done", said)
    assert not resumes(port, NAME, world.roots, "-tls1_2", first)
    assert resumes(port, NAME, world.roots, "-tls1_2", second)


def test_a_file_that_is_damaged_leaves_the_old_keys_in_force(program, world, tmp_path, backend):
    port, keys, session = free_port(), tmp_path / "ticket.keys", tmp_path / "session"
    write_keys(keys, os.urandom(80))
    running = program.run(world.settings(ticket_keys=keys), {"mail": site(world, port, backend)})
    assert not resumes(port, NAME, world.roots, "-tls1_3", None, session)
    keys.write_text(keys.read_text() + "c2hvcnQ=\n")
    running.signal(signal.SIGHUP)
    running.wait_for_words(f"ticket_keys: {keys}:2: a key has 48 or 80 bytes")
    running.wait_for_words("reload: SIGHUP: done in part")
    assert resumes(port, NAME, world.roots, "-tls1_3", session)


@pytest.mark.parametrize("content, words", [
    (b"", "there is no key in it"),
    (bytes(80), "all the same"),
    (os.urandom(79) + b"\0", None),
    (b"\xff" + os.urandom(99), "48 bytes or any number of 80"),
    (b"not a key\n", ":1: not a key in base64"),
], ids=["empty", "zeros", "random", "size", "text"])
def test_a_wrong_file_is_told_before_anything_starts(program, world, tmp_path, backend, content, words):
    keys = tmp_path / "ticket.keys"
    keys.write_bytes(content)
    path = program.write(world.settings(ticket_keys=keys), {"mail": site(world, free_port(), backend)})
    result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == (0 if words is None else 1), result.stderr
    assert words is None or (words in result.stderr and str(keys) in result.stderr), result.stderr


def test_a_file_that_is_missing(program, world, tmp_path, backend):
    path = program.write(world.settings(ticket_keys=tmp_path / "none"), {"mail": site(world, free_port(), backend)})
    result = program.command("run", "-c", path)
    assert result.returncode == 1
    assert "check the path" in result.stderr


def test_a_file_that_everybody_reads_is_warned_of(program, world, tmp_path, backend):
    port, keys = free_port(), tmp_path / "ticket.keys"
    keys.write_bytes(os.urandom(80))
    keys.chmod(0o644)
    running = program.run(world.settings(ticket_keys=keys), {"mail": site(world, port, backend)})
    running.wait_for_words("every user of this machine can read or write these ticket keys")
    eventually("it serves", lambda: not resumes(port, NAME, world.roots, "-tls1_3", None), also=running.report)
