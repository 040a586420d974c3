"""Several sites behind one listener."""

import pytest
from alert_clients import client_hello, connect, vanish
from clients import curl, served_chain
from pki import chain_pem
from program import eventually, free_port
from tls_servers import Server, http_answer

SITES = {"exact": ["mail.contoso.test"], "wildcard": ["*.contoso.test"], "other": ["www.fabrikam.test"]}


@pytest.fixture
def sites(world, program):
    """One leaf and one backend a site."""
    port, leaves, made, servers = free_port(), {}, {}, []
    for name, hostnames in SITES.items():
        leaf = world.issuing.issue_leaf(hostnames, aia=[world.url])
        certificate, key = leaf.write(world.folder, name)
        server = Server(http_answer(name))
        server.__enter__()
        servers.append(server)
        leaves[name] = leaf.sha256
        made[name] = {"listen": f"127.0.0.1:{port}", "hostnames": hostnames, "certificate": certificate, "key": key,
                      "backend": f"tcp://127.0.0.1:{server.port}"}
    yield port, leaves, made
    for server in servers:
        server.__exit__()


def answering(port, leaves, name):
    chain = served_chain(port, name)
    return next((site for site, leaf in leaves.items() if chain and chain[0] == leaf), None)


@pytest.mark.parametrize("name, site", [
    ("mail.contoso.test", "exact"), ("MAIL.Contoso.TEST", "exact"), ("owa.contoso.test", "wildcard"),
    ("www.fabrikam.test", "other"), ("a.b.contoso.test", "exact"), ("nobody.test", "exact"), (None, "exact"),
])
def test_the_name_picks_the_site_exact_before_wildcard_and_the_first_answers_the_rest(
        program, world, sites, name, site):
    port, leaves, made = sites
    program.run(world.settings(), made)
    assert answering(port, leaves, name) == site


def test_each_site_has_its_own_backend(program, world, sites):
    port, _, made = sites
    running = program.run(world.settings(), made)
    for name, site in (("mail.contoso.test", "exact"), ("owa.contoso.test", "wildcard"),
                       ("www.fabrikam.test", "other")):
        running.wait_for_fix("missing_intermediate", site=site)
        answer = curl(port, name, world.roots, "--retry", 3, "--retry-all-errors")
        assert answer.ok, f"{answer}\n{running.report()}"
        assert answer.stdout == site


def test_the_default_site_answers_what_no_site_is_for(program, world, sites):
    port, leaves, made = sites
    made["other"]["default"] = "on"
    program.run(world.settings(), made)
    assert answering(port, leaves, "nobody.test") == "other"
    assert answering(port, leaves, "mail.contoso.test") == "exact"


def test_unknown_names_can_be_rejected(program, world, sites):
    port, leaves, made = sites
    for keys in made.values():
        keys["unknown_names"] = "reject"
    program.run(world.settings(), made)
    assert served_chain(port, "nobody.test") == []
    assert answering(port, leaves, "owa.contoso.test") == "wildcard"


def test_the_certificates_own_names_count_where_no_hostnames_are_given(program, world, sites):
    port, leaves, made = sites
    for keys in made.values():
        del keys["hostnames"]
    program.run(world.settings(), made)
    assert answering(port, leaves, "www.fabrikam.test") == "other"
    assert answering(port, leaves, "owa.contoso.test") == "wildcard"


def test_rsa_and_ecdsa_stand_side_by_side(program, world):
    from pki import new_key
    port = free_port()
    rsa = world.issuing.issue_leaf(["mail.contoso.test"], key=new_key("rsa"), aia=[world.url])
    rsa_certificate, rsa_key = rsa.write(world.folder, "rsa")
    with Server() as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "hostnames": "mail.contoso.test",
            "certificate": [world.leaf_alone, rsa_certificate], "key": [world.key, rsa_key],
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        running.wait_for_fix("missing_intermediate")
        assert served_chain(port, "mail.contoso.test", "-sigalgs", "ECDSA+SHA256")[:1] == [world.leaf.sha256]
        assert served_chain(port, "mail.contoso.test", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256")[:1] == [rsa.sha256]
        assert served_chain(port, "mail.contoso.test", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")[:1] == [
            rsa.sha256]


def test_a_name_that_is_not_covered_is_counted_and_its_nearest_miss_explained(program, world, tmp_path):
    port = free_port()
    leaf = world.issuing.issue_leaf(["*.mail.contoso.test"])
    given = tmp_path / "mail.pem"
    given.write_text(chain_pem(leaf, world.issuing) + leaf.key_pem)
    keys = {"listen": f"127.0.0.1:{port}", "certificate": given, "backend": "tcp://127.0.0.1:1"}
    running = program.run(world.settings(), {"mail": keys})
    assert served_chain(port, "autodiscover.contoso.test")
    line = running.wait_for_fix("sni_not_covered", name="autodiscover.contoso.test", subject_of="clients")
    assert "*.mail.contoso.test covers names below its own domain alone" in line["message"]
    assert (line["count"], line["count_error"], line["severity"]) == (1, 0, "warning")
    assert served_chain(port, "a.b.mail.contoso.test")
    line = running.wait_for_fix("sni_not_covered", name="a.b.mail.contoso.test")
    assert "*.mail.contoso.test covers one label only" in line["message"]

    # With a certificate that covers it, it is resolved.
    better = world.issuing.issue_leaf(["*.mail.contoso.test", "autodiscover.contoso.test"])
    given.write_text(chain_pem(better, world.issuing) + better.key_pem)
    running.wait_for_fix("sni_not_covered", name="autodiscover.contoso.test", event="resolved")
    names = {one["name"] for one in running.fixes() if one["code"] == "sni_not_covered" and one["event"] == "resolved"}
    assert names == {"autodiscover.contoso.test"}


def test_random_names_fill_neither_the_log_nor_hide_the_one_that_counts(program, world, tmp_path):
    """Two hundred names that nobody asks for twice; among them one that is asked for again and again."""
    port = free_port()
    keys = {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
            "backend": "tcp://127.0.0.1:1"}
    running = program.run(world.settings(workers=1), {"mail": keys})
    for number in range(200):
        vanish(port, f"random-{number}.test")
        vanish(port, "owa.contoso.test")
    running.wait_for_fix("sni_not_covered", name="owa.contoso.test")
    eventually("the rest is one sum", lambda: [line for line in running.fixes() if "further names" in line["message"]],
               also=running.report)
    names = {line["name"] for line in running.fixes() if line["code"] == "sni_not_covered" and "name" in line}
    assert len(names) <= 50


@pytest.mark.parametrize("name", [b"\x00\x1b[31m.test", b"a\nb.test", b"\xff\xfe.test", b'a"b.test', b"a b.test"])
def test_a_name_of_hostile_bytes_is_no_name(program, world, name):
    port = free_port()
    keys = {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
            "backend": "tcp://127.0.0.1:1"}
    running = program.run(world.settings(), {"mail": keys})
    hello = client_hello("x" * (len(name) - 5) + ".test")
    assert hello.count(b"x" * (len(name) - 5) + b".test") == 1
    with connect(port) as sock:
        sock.sendall(hello.replace(b"x" * (len(name) - 5) + b".test", name))
        sock.recv(65536)
    assert served_chain(port, "plain.test")
    running.wait_for_fix("sni_not_covered", name="plain.test")
    assert {line.get("name") for line in running.fixes() if line["code"] == "sni_not_covered"} == {"plain.test"}
