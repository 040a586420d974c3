"""check --starttls: from plain text over to TLS, with servers that do it rightly, wrongly, or not at all."""

import json
import subprocess

import debian_servers
import pytest
from conftest import NAME
from program import is_listening
from starttls_servers import PROTOCOLS, StartTlsServer
from tls_servers import Server, TlsServer, silent

DEFAULT_PORTS = {"smtp": 25, "imap": 143, "pop3": 110, "ldap": 389, "xmpp": 5222}


def check(program, world, protocol, port, *more, name=NAME):
    result = program.command("check", name, "--connect", f"127.0.0.1:{port}", "--starttls", protocol,
                             *world.check_flags(), "--json", *more)
    return result, json.loads(result.stdout) if result.stdout else None


def digests(certificates):
    return [certificate["sha256"] for certificate in certificates]


def expect_mended(world, result, report):
    assert result.returncode == 1, result
    assert digests(report["served"]) == [world.leaf.sha256]
    assert digests(report["mended"]) == world.mended
    assert report["tls_version"].startswith("TLSv1.")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_openssl_takes_our_servers_for_real_ones(world, protocol):
    with StartTlsServer(protocol, world.complete, world.key) as server:
        result = subprocess.run(
            ["openssl", "s_client", "-starttls", protocol, "-connect", f"127.0.0.1:{server.port}", "-servername", NAME,
             "-name", NAME, "-CAfile", world.roots, "-verify_return_error", "-verify_hostname", NAME],
            input="", capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result
    assert "Verify return code: 0 (ok)" in result.stdout


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_chain_behind_plain_text_is_audited(program, world, protocol):
    with StartTlsServer(protocol, world.leaf_alone, world.key) as server:
        expect_mended(world, *check(program, world, protocol, server.port))
        assert set(server.names) == {NAME}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_of_debian_is_audited(program, world, protocol, tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    with debian_servers.SERVERS[protocol](folder, world.leaf_alone, world.key, NAME) as port:
        expect_mended(world, *check(program, world, protocol, port))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("manner, words", [
    ("lacks", ("does not offer STARTTLS", "does not know StartTLS")),
    ("refuses", ("refuses S",)),
    ("injects", ("in plain text behind its go-ahead",)),
    ("cuts", ("closed the connection",)),
])
def test_a_server_that_does_not_go_over_is_status_3_with_its_reason(program, world, protocol, manner, words):
    with StartTlsServer(protocol, world.leaf_alone, world.key, manner=manner) as server:
        result, report = check(program, world, protocol, server.port)
    assert result.returncode == 3, result
    assert any(part in result.stderr for part in words), result.stderr
    assert f"127.0.0.1:{server.port}: " in result.stderr
    assert report["exit_status"] == 3
    assert report["error"] in result.stderr


@pytest.mark.parametrize("protocol, awaited", [
    ("smtp", "its greeting"), ("imap", "its greeting"), ("pop3", "its greeting"),
    ("ldap", "its answer to the StartTLS request"), ("xmpp", "its stream"),
])
def test_a_silent_server_is_status_3_and_it_is_said_what_it_owes(program, world, protocol, awaited):
    with Server(silent) as server:
        result, _ = check(program, world, protocol, server.port, "--timeout", "1")
    assert result.returncode == 3, result
    assert f"the server did not send {awaited} within 1 s" in result.stderr


@pytest.mark.parametrize("protocol", ["ldap", "smtp"])
def test_tls_at_once_is_told_from_starttls(program, world, protocol):
    """OpenSSL hangs up on what is no ClientHello (ldap), and waits for one (smtp)."""
    with TlsServer(world.complete, world.key) as server:
        result, _ = check(program, world, protocol, server.port, "--timeout", "1")
    assert result.returncode == 3, result
    assert "where TLS begins at once, leave --starttls out" in result.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_another_protocol_is_told(program, world, protocol):
    def http(pipe):
        pipe.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with Server(http) as server:
        result, _ = check(program, world, protocol, server.port)
    assert result.returncode == 3, result
    assert f"does not speak {protocol.upper()} here" in result.stderr


def test_without_the_option_it_is_proposed(program, world):
    with StartTlsServer("smtp", world.complete, world.key) as server:
        result = program.command("check", NAME, "--connect", f"127.0.0.1:{server.port}", *world.check_flags())
    assert result.returncode == 3, result
    assert "--starttls smtp" in result.stderr


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_default_port_is_the_protocols(program, world, protocol):
    port = DEFAULT_PORTS[protocol]
    if is_listening(port):
        pytest.skip(f"something of this machine listens on {port}")
    result = program.command("check", "127.0.0.1", "--starttls", protocol, *world.check_flags())
    assert result.returncode == 3, result
    assert result.stderr.startswith(f"chainmend: 127.0.0.1:{port}: connection refused")


def test_a_port_that_is_given_is_taken(program, world):
    with StartTlsServer("imap", world.complete, world.key) as server:
        result = program.command("check", f"127.0.0.1:{server.port}", "--name", NAME, "--starttls", "imap",
                                 *world.check_flags())
    assert result.returncode == 0, result


def test_a_mail_server_is_asked_for_each_name(program, world):
    other = world.issuing.issue_leaf(["imap.contoso.test"])
    chain, key = other.write(world.folder, "other")
    chain.write_text(other.pem + world.issuing.pem)
    with StartTlsServer("imap", world.complete, world.key) as server:
        server.use_for("imap.contoso.test", chain, key)
        result, report = check(program, world, "imap", server.port, "--name", NAME, "--name", "imap.contoso.test")
    assert result.returncode == 0, result
    assert [digests(chain["served"])[0] for chain in report["chains"]] == [world.leaf.sha256, other.sha256]


@pytest.mark.parametrize("value", ["ftp", "SMTP", "", "smtps"])
def test_no_other_protocol_is_taken(program, value):
    result = program.command("check", NAME, "--starttls", value)
    assert result.returncode == 64, result
    assert "smtp, imap, pop3, ldap or xmpp" in result.stderr


def test_a_file_needs_no_starttls(program, world):
    result = program.command("check", "--chain", world.complete, "--starttls", "smtp")
    assert result.returncode == 64, result
