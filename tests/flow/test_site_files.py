"""Wrong files of one site: that site goes on with what it had, or is closed, and the others take what is new."""

import dataclasses
import json
import os
import signal
import time
import urllib.error
import urllib.request

import pytest
from clients import served_chain
from conftest import NAME
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from program import configuration, eventually, free_port
from tls_servers import Server, TlsServer, http_answer


def only_configuration(program):
    (path,) = program.folder.glob("chainmend-*.ini")
    return path


def ask(admin, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}{path}") as answer:
        return answer.read().decode()


def has_open(running, link):
    """Whether it has open what this descriptor's link in /proc leads to."""
    folder = f"/proc/{running.process.pid}/fd"

    def is_it(descriptor):
        try:
            return os.readlink(f"{folder}/{descriptor}") == os.readlink(link)
        except FileNotFoundError:  # closed meanwhile
            return False

    return any(map(is_it, os.listdir(folder)))


def num_threads(running):
    return len(os.listdir(f"/proc/{running.process.pid}/task"))


USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def signed_again(entity, issuer, extension):
    """The same certificate with one more extension."""
    old = entity.certificate
    builder = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), x509.random_serial_number(),
                                      old.not_valid_before, old.not_valid_after, list(old.extensions))
    certificate = builder.add_extension(extension, True).sign(issuer.key, hashes.SHA256())
    return dataclasses.replace(entity, certificate=certificate)


def two_sites(folder, world, port, backend_port):
    """Two sites of one listener, each with files of its own: name, leaf, certificate, key."""
    sites, leaves = {}, {}
    for name in ("one", "two"):
        host = f"{name}.{NAME}"
        leaf = world.issuing.issue_leaf([host], aia=[world.url])
        certificate, key = leaf.write(folder, name)
        leaves[name] = (host, leaf, certificate, key)
        sites[name] = {"listen": f"127.0.0.1:{port}", "hostnames": host, "certificate": certificate, "key": key,
                       "backend": f"tcp://127.0.0.1:{backend_port}"}
    return sites, leaves


def put(path, text):
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    os.replace(beside, path)


def leaf_of(port, host):
    chain = served_chain(port, host)
    return chain[0] if chain else None


def reload_failed(running, site, event):
    return any(line["site"] == site and line["code"] == "reload_failed" and line["event"] == event
               for line in running.fixes())


@pytest.mark.parametrize("wrong", ["certificate", "key", "roots", "crl", "key_password_file", "mismatch", "unreadable"])
def test_wrong_files_of_one_site_hold_up_no_other(program, world, tmp_path, wrong):
    """The other site's renewal is served, the wrong one goes on with what it had, and is taken once it is right."""
    port, admin = free_port(), free_port()
    with Server(http_answer()) as backend:
        sites, leaves = two_sites(tmp_path, world, port, backend.port)
        bad = tmp_path / "bad"
        running = program.run(world.settings(admin=admin), sites)
        eventually("both sites", lambda: [leaf_of(port, leaves[name][0]) for name in leaves]
                   == [leaves[name][1].sha256 for name in leaves], also=running.report)
        renewed = {name: world.issuing.issue_leaf([leaves[name][0]], key=leaves[name][1].key, aia=[world.url])
                   for name in leaves}
        path = only_configuration(program)
        good = path.read_text()
        for name in leaves:
            put(leaves[name][2], renewed[name].pem)
        if wrong == "certificate":
            put(leaves["one"][2], "half a certif")
        elif wrong == "key":
            put(leaves["one"][3], "no key")
        elif wrong == "mismatch":
            put(leaves["one"][2], renewed["two"].pem)
        elif wrong == "unreadable":
            leaves["one"][3].rename(bad)
        else:
            bad.write_text("nothing of the kind")
            value = tmp_path / "missing" if wrong == "key_password_file" else bad
            path.write_text(configuration(world.settings(admin=admin),
                                          {**sites, "one": {**sites["one"], wrong: value}}))
        running.signal(signal.SIGHUP)
        eventually("the other's renewal", lambda: leaf_of(port, leaves["two"][0]) == renewed["two"].sha256,
                   also=running.report)
        assert leaf_of(port, leaves["one"][0]) == leaves["one"][1].sha256
        eventually("the finding", lambda: reload_failed(running, "one", "appeared"), also=running.report)
        assert not reload_failed(running, "two", "appeared")
        assert "reload: SIGHUP: done in part, 2 sites" in running.stderr
        metrics = ask(admin, "/metrics")
        assert 'chainmend_reload_failed{site="one"} 1' in metrics and 'chainmend_reload_failed{site="two"} 0' in metrics
        assert 'chainmend_reloads_total{result="partial"} 1' in metrics
        status = json.loads(ask(admin, "/api/status"))
        assert [(one["site"], one["serves"]) for one in status["wrong_files"]["sites"]] == [("one", True)]
        assert ask(admin, "/readyz?sites") == "ready: each site\n"
        path.write_text(good)
        put(leaves["one"][2], renewed["one"].pem)
        if wrong == "unreadable":
            bad.rename(leaves["one"][3])
        else:
            put(leaves["one"][3], leaves["one"][1].key_pem)
        running.signal(signal.SIGHUP)
        eventually("the late renewal", lambda: leaf_of(port, leaves["one"][0]) == renewed["one"].sha256,
                   also=running.report)
        eventually("the finding is resolved", lambda: reload_failed(running, "one", "resolved"), also=running.report)


def test_a_site_with_wrong_files_at_the_start_is_closed_and_looked_at_again(program, world, tmp_path):
    port, admin = free_port(), free_port()
    with Server(http_answer()) as backend:
        sites, leaves = two_sites(tmp_path, world, port, backend.port)
        leaves["one"][2].write_text("not yet written")
        running = program.run(world.settings(admin=admin), sites)
        eventually("the other site", lambda: leaf_of(port, leaves["two"][0]) == leaves["two"][1].sha256,
                   also=running.report)
        assert leaf_of(port, leaves["one"][0]) is None
        running.wait_for_words(leaves["one"][2].name)
        eventually("the finding", lambda: reload_failed(running, "one", "appeared"), also=running.report)
        assert ask(admin, "/readyz") == "ready\n"
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(admin, "/readyz?sites")
        assert refused.value.code == 503
        assert refused.value.read().decode() == "site one: its files are wrong\n"
        metrics = ask(admin, "/metrics")
        assert 'chainmend_no_certificate_total{site="one"} 1' in metrics
        put(leaves["one"][2], leaves["one"][1].pem)
        eventually("it serves by itself", lambda: leaf_of(port, leaves["one"][0]) == leaves["one"][1].sha256,
                   60, running.report)
        eventually("the finding is resolved", lambda: reload_failed(running, "one", "resolved"), also=running.report)
        assert ask(admin, "/readyz?sites") == "ready: each site\n"


def test_a_certificate_that_no_handshake_can_use_holds_up_no_other_site(program, world, tmp_path):
    """An EC key without digitalSignature: BoringSSL takes it for no server."""
    port = free_port()
    sites, leaves = two_sites(tmp_path, world, port, free_port())
    host, leaf, certificate, key = leaves["one"]
    odd = signed_again(leaf, world.issuing, x509.KeyUsage(*[name == "key_encipherment" for name in USAGES]))
    put(certificate, odd.pem)
    running = program.run(world.settings(), sites)
    eventually("the other site", lambda: leaf_of(port, leaves["two"][0]) == leaves["two"][1].sha256,
               also=running.report)
    assert leaf_of(port, host) is None
    running.wait_for_words("its key usage lacks digitalSignature")
    assert "KEY_USAGE" not in running.stderr
    put(certificate, leaf.pem)
    eventually("it serves by itself", lambda: leaf_of(port, host) == leaf.sha256, 60, running.report)


def test_a_start_without_a_single_usable_site_is_refused(program, world, tmp_path):
    port = free_port()
    sites, leaves = two_sites(tmp_path, world, port, free_port())
    for name in leaves:
        leaves[name][2].write_text("nothing")
    path = tmp_path / "chainmend.ini"
    path.write_text(configuration(world.settings(), sites))
    for more in ([], ["--check-config"]):
        done = program.command("run", "-c", path, *more)
        assert done.returncode == 1
        assert all(leaves[name][2].name in done.stderr for name in leaves)


def test_check_config_ends_as_a_start_does_and_strict_with_1(program, world, tmp_path):
    sites, leaves = two_sites(tmp_path, world, free_port(), free_port())
    leaves["one"][2].write_text("nothing")
    path = tmp_path / "chainmend.ini"
    path.write_text(configuration(world.settings(), sites))
    done = program.command("run", "-c", path, "--check-config")
    assert done.returncode == 0 and leaves["one"][2].name in done.stderr
    assert "nobody, until its files are right" in done.stdout
    assert program.command("run", "-c", path, "--check-config", "--strict").returncode == 1
    put(leaves["one"][2], leaves["one"][1].pem)
    done = program.command("run", "-c", path, "--check-config", "--strict")
    assert leaves["one"][2].name not in done.stderr and "until its files are right" not in done.stdout


def test_a_file_that_changes_takes_no_edit_of_the_configuration_along(program, world, tmp_path):
    """Someone edits the configuration while a renewal comes: the renewal is taken under the present one."""
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "watched")
    with Server() as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": certificate, "key": key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        only_configuration(program).write_text("[site mail]\nhalf an ed")
        renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
        put(certificate, renewed.pem)
        eventually("the renewed chain", lambda: served_chain(port, NAME) == [renewed.sha256, world.issuing.sha256],
                   60, running.report)
        running.wait_for_words("reload: a certificate or key file has changed: done, 1 site")
        running.wait_for_words("mail: serves CN=")


def test_the_loop_goes_on_while_files_are_read(program, world, tmp_path):
    """A file that takes its time (a pipe here; a password's hash, a slow disk) holds up neither page nor clients."""
    port, admin = free_port(), free_port()
    certificate, key = world.leaf.write(tmp_path, "slow")
    with Server(http_answer()) as backend:
        running = program.run(world.settings(admin=admin), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": certificate, "key": key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        certificate.unlink()
        reader, writer = os.pipe()
        certificate.symlink_to(f"/proc/{os.getpid()}/fd/{reader}")
        running.signal(signal.SIGHUP)
        try:
            eventually("the reading", lambda: has_open(running, f"/proc/self/fd/{reader}"), also=running.report)
            assert ask(admin, "/healthz") == "ok\n"
            assert json.loads(ask(admin, "/api/status"))["reloads"]["last"] is None
            assert served_chain(port, NAME) == world.mended
            renewed = world.issuing.issue_leaf([NAME], key=world.leaf.key, aia=[world.url])
            os.write(writer, renewed.pem.encode())
        finally:
            os.close(writer)
            os.close(reader)
        running.wait_for_words("reload: SIGHUP: done, 1 site")
        assert leaf_of(port, NAME) == renewed.sha256


def test_sigterm_while_files_are_read_ends_cleanly(program, world, tmp_path):
    certificate, key = world.leaf.write(tmp_path, "slow")
    with Server(http_answer()) as backend:
        running = program.run(world.settings(workers=2), {"mail": {
            "listen": f"127.0.0.1:{free_port()}", "hostnames": NAME, "certificate": certificate, "key": key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        running.wait_for_words("started: 1 site")
        certificate.unlink()
        reader, writer = os.pipe()
        certificate.symlink_to(f"/proc/{os.getpid()}/fd/{reader}")
        running.signal(signal.SIGHUP)
        try:
            eventually("the reading", lambda: has_open(running, f"/proc/self/fd/{reader}"), also=running.report)
            before = num_threads(running)
            running.signal(signal.SIGTERM)
            eventually("the end of both workers", lambda: num_threads(running) <= before - 2, also=running.report)
        finally:
            os.close(writer)
            os.close(reader)
        running.stop()


def test_a_named_pipe_is_no_certificate_file(program, world, tmp_path):
    """Somebody may hold it open for ever: neither a reload nor the end waits for it."""
    port = free_port()
    certificate, key = world.leaf.write(tmp_path, "piped")
    with Server(http_answer()) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": certificate, "key": key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        certificate.unlink()
        os.mkfifo(certificate)
        descriptor = os.open(certificate, os.O_RDWR)
        try:
            running.signal(signal.SIGHUP)
            running.wait_for_words(f"{certificate}: the certificate cannot be read: a named pipe, and not a file")
            assert served_chain(port, NAME) == world.mended
            running.stop()
        finally:
            os.close(descriptor)


def test_a_renewal_of_one_site_leaves_the_others_alone(program, world, tmp_path):
    """The site that is the same is not even probed again."""
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as probed, Server(http_answer()) as backend:
        sites, leaves = two_sites(tmp_path, world, port, backend.port)
        sites["two"]["backend"] = f"tls://127.0.0.1:{probed.port}"
        sites["two"]["backend_name"] = NAME
        time.sleep(3)  # files that were younger when they were read are read again by any reload
        running = program.run(world.settings(log_level="debug"), sites)
        running.wait_for_words("two: ")
        eventually("a probe", lambda: probed.num_accepted > 0, also=running.report)
        seen = probed.num_accepted
        renewed = world.issuing.issue_leaf([leaves["one"][0]], key=leaves["one"][1].key, aia=[world.url])
        put(leaves["one"][2], renewed.pem)
        eventually("the renewal", lambda: leaf_of(port, leaves["one"][0]) == renewed.sha256, 60, running.report)
        running.wait_for_words("one: serves CN=one.")
        assert probed.num_accepted == seen


def test_a_client_certificate_that_is_new_and_wrong_leaves_the_site_as_it_was(program, world):
    """There is no client certificate of before to keep."""
    port = free_port()
    with TlsServer(world.leaf_alone, world.key, http_answer()) as backend:
        sites = {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.leaf_alone,
                          "key": world.key, "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME}}
        running = program.run(world.settings(), sites)
        eventually("the first chain", lambda: served_chain(port, NAME) == world.mended, also=running.report)
        (path,) = program.folder.glob("chainmend-*.ini")
        missing = world.folder / "missing.pem"
        sites["mail"] |= {"backend_certificate": missing, "backend_key": missing}
        path.write_text(configuration(world.settings(), sites))
        running.signal(signal.SIGHUP)
        running.wait_for_fix("reload_failed", site="mail", severity="warning")
        assert served_chain(port, NAME) == world.mended
