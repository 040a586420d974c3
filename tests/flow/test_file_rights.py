"""Reports files with wrong permissions: secrets that others can read, and files that chainmend's user cannot read."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from conftest import NAME
from program import eventually, free_port, open_to_everybody

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


def site(world, port: int, **more: object) -> dict[str, dict[str, object]]:
    return {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                     "hostnames": NAME, "backend": f"tcp://127.0.0.1:{free_port()}", **more}}


@needs_root
def test_all_that_the_user_cannot_read_again_is_told_at_the_start(program, world, tmp_path):
    open_to_everybody(tmp_path)
    token, tickets, hidden = tmp_path / "token", tmp_path / "tickets", tmp_path / "roots"
    token.write_text("0123456789abcdef0123456789abcdef\n")
    tickets.write_bytes(os.urandom(80))
    hidden.mkdir()
    (hidden / "root.pem").write_bytes(Path(world.roots).read_bytes())
    certificate = world.complete
    for path in (token, tickets, world.key, certificate):
        path.chmod(0o600)
    hidden.chmod(0o700)
    running = program.run(world.settings(user="nobody", admin=free_port(), admin_token_file=token,
                                         ticket_keys=tickets, roots=f"demo={hidden}"),
                          site(world, free_port(), certificate=certificate))
    running.wait_for_words("started")
    configuration = program.folder / "chainmend-1.ini"
    configuration.chmod(0o600)
    for path in (token, tickets, world.key, certificate, hidden):
        words = f"{path}: cannot be read by the user that chainmend runs as (nobody), so that a reload or a renewal"
        running.wait_for_words(words)
        assert running.stderr.count(words) == 1, path
    assert f"{configuration}: cannot" not in running.stderr


@needs_root
def test_a_cache_and_a_log_that_the_user_cannot_write_are_told_with_the_user(program, world, tmp_path):
    open_to_everybody(tmp_path)
    cache, logs = tmp_path / "cache", tmp_path / "logs"
    for folder in (cache, logs):
        folder.mkdir(mode=0o700)
    running = program.run(world.settings(user="nobody", cache=cache, fix_log=logs / "fixes.jsonl"),
                          site(world, free_port(), certificate=world.leaf_alone))
    running.wait_for_words(f"{cache}: the cache cannot be used")
    running.wait_for_words("that chainmend's user (nobody) can write")
    running.wait_for_words(f"{logs / 'fixes.jsonl'}: the fix log cannot be written (as the user nobody)")


MODES = {0o600: None, 0o640: None, 0o660: None, 0o644: "r", 0o604: "r", 0o602: "w", 0o666: "rw"}


@pytest.mark.parametrize("mode", MODES)
def test_a_key_that_others_may_read_is_told_with_what_mends_it(program, world, mode):
    path = program.write(world.settings(), site(world, free_port(), key=[world.key]))
    world.key.chmod(mode)
    result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == 0, result
    assert (f"chmod o-{MODES[mode]} {world.key}" in result.stderr) == (MODES[mode] is not None), result.stderr
    assert ("chmod" in result.stderr) == (MODES[mode] is not None)


def secrets(world, tmp_path) -> tuple[dict[str, object], dict[str, dict[str, object]], list[Path], list[Path]]:
    """A configuration with every kind of secret, their paths, and the paths of what is none."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    both, towards, towards_key = tmp_path / "both.pem", tmp_path / "towards.pem", tmp_path / "towards.key"
    pfx, password = tmp_path / "bundle.pfx", tmp_path / "password"
    token, tickets = tmp_path / "token", tmp_path / "tickets"
    both.write_text(world.complete.read_text() + world.leaf.key_pem)
    towards.write_text(world.leaf_alone.read_text())
    towards_key.write_text(world.leaf.key_pem)
    password.write_text("secret\n")
    pfx.write_bytes(pkcs12.serialize_key_and_certificates(b"x", world.leaf.key, world.leaf.certificate, None,
                                                          BestAvailableEncryption(b"secret")))
    token.write_text("0123456789abcdef0123456789abcdef\n")
    tickets.write_bytes(os.urandom(80))
    backend = f"tls://127.0.0.1:{free_port()}"
    sites: dict[str, dict[str, object]] = {}
    for name, keys in (("one", {"certificate": world.complete, "key": world.key}),
                       ("again", {"certificate": world.complete, "key": world.key}),
                       ("two", {"certificate": both}),
                       ("three", {"certificate": pfx, "key_password_file": password}),
                       ("four", {"certificate": world.complete, "key": world.key, "backend": backend,
                                 "backend_certificate": towards, "backend_key": towards_key})):
        sites[name] = {"listen": f"127.0.0.1:{free_port()}", "backend": f"tcp://127.0.0.1:{free_port()}", **keys}
    settings = world.settings(admin=free_port(), admin_token_file=token, ticket_keys=tickets)
    return settings, sites, [world.key, both, pfx, password, token, tickets, towards_key], [world.complete, towards]


def test_every_kind_of_secret_is_told_once_and_nothing_else(program, world, tmp_path):
    settings, sites, secret, public = secrets(world, tmp_path)
    for path in [*secret, *public, Path(world.roots)]:
        path.chmod(0o644)
    checked = program.command("run", "-c", program.write(settings, sites), "--check-config")
    running = program.run(settings, sites)
    running.wait_for_words("started")
    for said in (checked.stderr, running.stderr):
        for path in secret:
            assert said.count(f"chmod o-r {path}") == 1, (path, said)
        for path in public:
            assert f"chmod o-r {path}" not in said, path
    for path in secret[1:]:
        path.chmod(0o640)
    before = len(running.stderr)
    running.signal(signal.SIGHUP)
    running.wait_for_words("SIGHUP: done", before)
    eventually("the key that is still open", lambda: f"chmod o-r {secret[0]}" in running.stderr[before:])
    assert running.stderr[before:].count("chmod o-r ") == 1, running.stderr[before:]
