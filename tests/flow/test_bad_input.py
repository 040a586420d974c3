"""Bad input: one clear sentence that says what and where, a fitting status, and nothing lost."""

import json
import os
import socket
import subprocess

import pytest
from clients import served_chain
from conftest import NAME
from pki import Authority, chain_pem
from program import eventually, free_port
from tls_servers import Server


def site(world, port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete,
                     "key": world.key, "backend": "tcp://127.0.0.1:9", **more}}


def start(program, world, sites, settings=None):
    return program.command("run", "-c", program.write(settings or world.settings(), sites))


def huge_file(path):
    with path.open("wb") as file:
        file.truncate(3 << 30)  # a hole: it costs nothing


BAD_FILES = {
    "missing": lambda path, world: None,
    "empty": lambda path, world: path.write_bytes(b""),
    "truncated": lambda path, world: path.write_text(world.leaf.pem[:300]),
    "binary": lambda path, world: path.write_bytes(os.urandom(5000)),
    "huge": lambda path, world: huge_file(path),
    "a directory": lambda path, world: path.mkdir(),
    "words": lambda path, world: path.write_text("this is no certificate\n"),
    "a key alone": lambda path, world: path.write_text(world.leaf.key_pem),
}


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("command", ["check", "mend"])
def test_a_bad_certificate_file_is_status_3(program, world, tmp_path, kind, command):
    path = tmp_path / "bad.pem"
    BAD_FILES[kind](path, world)
    arguments = ["--chain", path] if command == "check" else [path]
    result = program.command(command, *arguments, *world.check_flags())
    assert result.returncode == 3, result
    assert_clear(result, "bad.pem")
    assert_says_what_to_do(result)


# A key alone is what a key file is, and a directory of roots is fine by itself.
BAD_PAIRS = [(key, kind) for key in ("certificate", "key", "roots") for kind in BAD_FILES
             if (key, kind) not in (("key", "a key alone"), ("roots", "a directory"))]


@pytest.mark.parametrize("key, kind", BAD_PAIRS)
def test_a_bad_file_keeps_run_from_starting(program, world, tmp_path, kind, key):
    path = tmp_path / "bad.pem"
    BAD_FILES[kind](path, world)
    if key == "roots":
        result = start(program, world, site(world, free_port()), world.settings(roots=f"bad={path}"))
    else:
        result = start(program, world, site(world, free_port(), **{key: path}))
    assert result.returncode == 1, result
    assert_clear(result, "bad.pem")
    assert_says_what_to_do(result)


def assert_clear(result, *words):
    lines = [line for line in result.stderr.splitlines() if "bad.pem" in line] or result.stderr.splitlines()
    assert lines, "nothing was said"
    assert all(word in result.stderr for word in words), result.stderr
    assert "chainmend: " in result.stderr
    assert len(lines) <= 4, f"one clear sentence was wanted:\n{result.stderr}"


def assert_says_what_to_do(result):
    last = result.stderr.strip().splitlines()[-1].rsplit(": ", 1)[-1]
    assert last.startswith(("name the", "name a", "check the path", "correct `roots`", "copy ")), result.stderr


@pytest.mark.parametrize("key", ["backend_certificate", "backend_key"])
def test_a_bad_file_towards_the_backend_is_told_by_its_own_name(program, world, key):
    more = {"backend": "tls://127.0.0.1:9", "backend_certificate": world.complete, "backend_key": world.key,
            key: world.folder / "not-there.pem"}
    result = start(program, world, site(world, free_port(), **more))
    assert result.returncode == 1, result
    assert "not-there.pem: " in result.stderr and "check the path" in result.stderr


def test_a_configuration_that_is_not_there_is_told_with_what_to_do(program, tmp_path):
    result = program.command("run", "-c", tmp_path / "missing.ini")
    assert result.returncode == 1, result
    assert "missing.ini" in result.stderr and "check the path" in result.stderr


def test_a_key_of_another_certificate_keeps_run_from_starting(program, world, tmp_path):
    _, key = world.issuing.issue_leaf(["other.test"]).write(tmp_path, "other")
    result = start(program, world, site(world, free_port(), key=key))
    assert result.returncode == 1, result
    assert "other.key" in result.stderr or "complete.pem" in result.stderr


def test_an_encrypted_key_needs_its_password(program, world, tmp_path):
    key, password = tmp_path / "locked.key", tmp_path / "password"
    key.write_text(world.leaf.encrypted_key_pem("s3cret"))
    result = start(program, world, site(world, free_port(), key=key))
    assert result.returncode == 1, result
    assert "locked.key" in result.stderr
    assert "password" in result.stderr
    password.write_text("wrong\n")
    result = start(program, world, site(world, free_port(), key=key, key_password_file=password))
    assert result.returncode == 1, result
    assert "s3cret" not in result.stderr and "wrong\n" not in result.stderr
    password.write_text("s3cret\n")
    port = free_port()
    program.run(world.settings(), site(world, port, key=key, key_password_file=password))
    assert served_chain(port, NAME) == world.mended


@pytest.mark.parametrize("number, is_told", [(98, False), (99, True), (1100, True)])
def test_a_hundred_certificates_are_looked_at_and_the_rest_is_told(program, world, tmp_path, number, is_told):
    path = tmp_path / "bag.pem"
    stranger = Authority.root("Unrelated CA")
    path.write_text(chain_pem(world.leaf, *[stranger] * number, world.issuing))
    result = program.command("mend", path, *world.check_flags(), "--json")
    assert result.returncode == 0, result
    told = json.loads(result.stdout)["findings"]
    assert ("verification_limit" in [finding["code"] for finding in told]) == is_told


def test_all_errors_of_a_configuration_are_told_in_one_go_with_their_lines(program, world, tmp_path):
    path = tmp_path / "wrong.ini"
    path.write_text("[chainmend]\nworkerss = 2\nlog_level = loud\n\n[site mail]\nlisten = nowhere:99999\n"
                    "backend = gopher://x\ncertificate = a.pem\nidle_timeout = soon\n\n[sight other]\nx = y\n")
    result = program.command("run", "-c", path)
    assert result.returncode == 1, result
    for line in (2, 3, 6, 7, 9):
        assert f"wrong.ini:{line}:" in result.stderr, (line, result.stderr)
    assert "workers" in result.stderr.replace("workerss", ""), "the nearest right key"
    assert "wrong.ini:11:" in result.stderr or "wrong.ini:12:" in result.stderr


BAD_CONFIGURATIONS = {
    "empty": b"",
    "binary": b"\0\1\2\3",
    "a section that does not end": b"[site x",
    "a key before any section": b"key without section = 1\n",
    "a section thrice": b"[site a]\n" * 3,
    "a line that is too long": b"[site a]\nbackend = " + b"x" * 5000 + b"\n",
    "utf-16": "[site a]\n".encode("utf-16"),
}


@pytest.mark.parametrize("kind", BAD_CONFIGURATIONS)
def test_a_configuration_that_is_none_keeps_run_from_starting(program, tmp_path, kind):
    path = tmp_path / "wrong.ini"
    path.write_bytes(BAD_CONFIGURATIONS[kind])
    result = program.command("run", "-c", path)
    assert result.returncode == 1, result
    assert "wrong.ini" in result.stderr


def test_a_key_that_is_not_built_yet_is_refused_in_those_words(program, world):
    result = start(program, world, site(world, free_port(), protocol="pass"))
    if result.returncode == 0:
        pytest.skip("it is built")
    assert result.returncode == 1, result
    assert "protocol" in result.stderr


def test_a_port_in_use_is_told_with_the_port(program, world):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        result = start(program, world, site(world, port))
    assert result.returncode == 1, result
    assert str(port) in result.stderr
    assert "in use" in result.stderr


def test_a_cache_that_cannot_be_used_is_told_and_the_proxy_serves(program, world, tmp_path):
    port = free_port()
    world.cache.write_text("a file where the directory should be\n")
    with Server() as backend:
        running = program.run(world.settings(), site(world, port, certificate=world.leaf_alone,
                                                     backend=f"tcp://127.0.0.1:{backend.port}"))
        running.wait_for_words("cache")
        eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)


def test_a_full_cache_directory_is_told_and_the_proxy_serves(program, world, tmp_path):
    """/dev/full cannot be a directory; a file system without room can, where this may be mounted."""
    world.cache.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=1", "tmpfs", str(world.cache)],
                      capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        port = free_port()
        with Server() as backend:
            running = program.run(world.settings(), site(world, port, certificate=world.leaf_alone,
                                                         backend=f"tcp://127.0.0.1:{backend.port}"))
            eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)
            running.wait_for_words("cache")
            running.stop()
    finally:
        subprocess.run(["umount", str(world.cache)], check=True)


def test_a_read_only_cache_is_told_and_the_chain_is_mended(program, world):
    world.cache.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(world.cache)],
                      capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        result = program.command("mend", world.leaf_alone, *world.check_flags())
        assert result.returncode == 0, result
        assert result.stdout.count("BEGIN CERTIFICATE") == 2
        assert f"cache {world.cache}: cannot be written" in result.stderr and "--cache" in result.stderr
        with Server() as backend:
            port = free_port()
            running = program.run(world.settings(), site(world, port, certificate=world.leaf_alone,
                                                         backend=f"tcp://127.0.0.1:{backend.port}"))
            running.wait_for_words("the cache cannot be written")
            eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)
            running.stop()
    finally:
        subprocess.run(["umount", str(world.cache)], check=True)


def test_reading_commands_make_no_directory(program, world):
    absent = world.folder / "absent"
    result = program.command("check", "--chain", world.complete, "--roots", world.roots, "--cache", absent, "--offline")
    assert result.returncode == 0 and not result.stderr, result
    result = program.command("mend", world.complete, "--roots", world.roots, "--cache", absent, "--offline")
    assert result.returncode == 0, result
    for command in (["list"], ["export"], ["verify"], ["prune"]):
        result = program.command("cache", *command, "--cache", absent)
        assert result.returncode == 1 and str(absent) in result.stderr, result
    assert not absent.exists()
    result = program.command("cache", "import", world.chain("issuing", world.issuing), "--cache", absent)
    assert result.returncode == 0 and len(list(absent.iterdir())) == 1


def test_a_bad_block_is_told_by_its_number_and_line(program, world):
    good = world.complete.read_text()
    path = world.folder / "bad.pem"
    path.write_text("a heading\n" + good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    line = good.count("\n") + 2
    words = f"PEM block 3 (line {line})"
    result = program.command("check", "--chain", path, "--offline", "--ignore-trust")
    assert result.returncode == 3 and words in result.stderr, result
    path.write_text(good.replace("-----END", "!!\n-----END", 1))
    result = program.command("mend", path, "--offline", "--ignore-trust")
    assert result.returncode == 3 and "PEM block 1 (line 1)" in result.stderr, result
    configuration = program.write(world.settings(), site(world, free_port(), certificate=path))
    result = program.command("run", "-c", configuration, "--check-config")
    assert result.returncode == 1 and "PEM block 1 (line 1)" in result.stderr, result


def test_a_key_that_is_bound_to_pss_is_told_in_clear_words(program, world):
    key, certificate = world.folder / "pss.key", world.folder / "pss.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-out", certificate, "-subj", f"/CN={NAME}",
                    "-addext", f"subjectAltName=DNS:{NAME}", "-days", "100"], check=True, capture_output=True)
    result = program.command("check", "--chain", certificate, "--roots", world.roots, "--offline", "--json")
    found = {finding["code"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert result.returncode == 2 and sorted(found) == ["leaf_is_ca", "self_signed", "weak_key"], found
    assert "bound to PSS signatures (id-RSASSA-PSS)" in found["weak_key"]["message"]
    assert "names itself as its issuer" in found["self_signed"]["message"]


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["run", "--no-such-option"], ["run", "surplus"],
                                       ["run", "-c"], ["--frobnicate"]])
def test_wrong_usage_is_64(program, arguments):
    result = program.command(*arguments)
    assert result.returncode == 64, result
    assert "chainmend" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("flag, value", [("--listen", "127.0.0.1:99999"), ("--backend", "gopher://x"),
                                         ("--mode", "guess"), ("--workers", "0"), ("--idle-timeout", "soon"),
                                         ("--fetch-allow", "10.0.0.1/8")])
def test_a_wrong_value_of_a_flag_is_wrong_usage(program, world, flag, value):
    flags = {"--listen": f"127.0.0.1:{free_port()}", "--backend": "tcp://127.0.0.1:9", "--certificate": world.complete,
             "--key": world.key, flag: value}
    result = program.command("run", *(text for pair in flags.items() for text in pair))
    assert result.returncode == 64, result
    assert flag in result.stderr and value in result.stderr, result


def test_a_key_that_the_user_to_become_cannot_read_is_told_at_the_start(program, world):
    if os.geteuid() != 0:
        pytest.skip("only root becomes another user")
    world.key.chmod(0o600)
    port = free_port()
    running = program.run(world.settings(user="nobody"), site(world, port))
    running.wait_for_words(f"{world.key}: cannot be read by the user that chainmend runs as")
    assert served_chain(port, NAME) == world.mended
