"""Each kind of key that a backend may have: what the probe says of it is what a connection gets."""

import json
import re

import pytest
from clients import curl
from conftest import NAME
from openssl_server import make_leaf, openssl_server
from program import eventually, free_port

TLS_1_2 = ("-tls1_2",)
# A key of which BoringSSL knows nothing: the server then has nothing in common with it.
OTHERS = "DSA, RSA-PSS or Ed448 key"


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend_port}", "backend_name": NAME, **more}}


def fetches(port, world):
    return curl(port, NAME, world.roots, "--http1.1")


def api_version(program):
    return int(re.search(r"API version (\d+)", program.command("--version").stdout)[1])


@pytest.mark.parametrize("kind, options", [
    *((kind, options) for kind in ("RSA-2048", "P-256", "P-384", "P-521", "Ed25519") for options in ((), TLS_1_2)),
    ("RSA-8192", ()),
])
def test_a_backend_that_is_told_as_complete_is_connected_to(program, world, kind, options):
    port = free_port()
    with openssl_server(world.folder, make_leaf(world.folder, world.issuing, NAME, kind), *options) as backend:
        running = program.run(world.settings(), site(world, port, backend, backend_verify="strict"))
        running.wait_for_words("with 2 certificates: complete")
        answer = fetches(port, world)
        assert answer.ok and "Ciphers supported" in answer.stdout, f"{answer}\n{running.report()}"


def test_an_old_backend_signs_with_sha1(program, world):
    port = free_port()
    whole = make_leaf(world.folder, world.issuing, NAME, "RSA-2048")
    with openssl_server(world.folder, whole, *TLS_1_2, "-sigalgs", "RSA+SHA1", "-cipher",
                        "ECDHE-RSA-AES128-SHA:@SECLEVEL=0") as backend:
        running = program.run(world.settings(), site(world, port, backend))
        eventually("it is connected to", lambda: fetches(port, world).ok, also=running.report)


def test_p224_is_spoken_up_to_tls_1_2_where_boringssl_has_it(program, world):
    port = free_port()
    with openssl_server(world.folder, make_leaf(world.folder, world.issuing, NAME, "P-224"), *TLS_1_2) as backend:
        running = program.run(world.settings(), site(world, port, backend, backend_verify="off"))
        if api_version(program) < 43:
            eventually("it is connected to", lambda: fetches(port, world).ok, also=running.report)
        else:
            running.wait_for_fix("backend_tls_failed", subject_of="backend")
            assert not fetches(port, world).ok


@pytest.mark.parametrize("verify", ["mend", "off"])
@pytest.mark.parametrize("kind", ["RSA-PSS", "Ed448", "DSA"])
def test_a_key_that_cannot_be_spoken_is_said_so(program, world, kind, verify):
    port = free_port()
    whole = make_leaf(world.folder, world.issuing, NAME, kind)
    # OpenSSL's usual level has no suite for DSA.
    with openssl_server(world.folder, whole, "-cipher", "ALL:@SECLEVEL=0") as backend:
        running = program.run(world.settings(), site(world, port, backend, backend_verify=verify))
        message = running.wait_for_fix("backend_tls_failed", subject_of="backend")["message"]
        assert OTHERS in message
        assert not fetches(port, world).ok
        result = program.command("check", NAME, "--connect", f"127.0.0.1:{backend}", *world.check_flags())
    assert result.returncode == 3 and OTHERS in result.stderr + result.stdout, result


@pytest.mark.parametrize("options", [(), TLS_1_2], ids=["TLS1.3", "TLS1.2"])
def test_a_key_usage_that_does_not_fit_is_judged_unless_verify_is_off(program, world, options):
    ports = {verify: free_port() for verify in ("mend", "off")}
    whole = make_leaf(world.folder, world.issuing, NAME, "RSA-2048", "dataEncipherment")
    with openssl_server(world.folder, whole, *options) as backend:
        running = program.run(world.settings(), {
            verify: site(world, port, backend, backend_verify=verify)["mail"] for verify, port in ports.items()})
        eventually("off judges nothing", lambda: fetches(ports["off"], world).ok, also=running.report)
        failure = running.wait_for_fix("backend_tls_failed", site="mend", subject_of="backend")
        assert "the keyUsage of its certificate does not allow" in failure["message"]
        assert not fetches(ports["mend"], world).ok
        running.wait_for_words("the TLS handshake failed: the keyUsage of its certificate does not allow")
        assert not [fix for fix in running.fixes() if fix["code"] == "backend_tls_failed" and fix["site"] == "off"]


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_a_key_usage_that_nothing_can_pass_over_is_said_so(program, world, kind):
    """TLS 1.3 alone; OpenSSL itself shows such an EC leaf in no other version."""
    port, only = free_port(), ("-tls1_3",) if kind == "RSA-2048" else ()
    whole = make_leaf(world.folder, world.issuing, NAME, kind, "keyAgreement")
    with openssl_server(world.folder, whole, *only) as backend:
        running = program.run(world.settings(), site(world, port, backend, backend_verify="off"))
        failure = running.wait_for_fix("backend_tls_failed", subject_of="backend")
        assert "which can be passed over below TLS 1.3 alone" in failure["message"]
        assert not fetches(port, world).ok


def test_check_sees_the_chain_behind_a_key_usage_that_ends_the_handshake(program, world):
    whole = make_leaf(world.folder, world.issuing, NAME, "P-256", "keyAgreement")
    with openssl_server(world.folder, whole) as server:
        result = program.command("check", NAME, "--connect", f"127.0.0.1:{server}", *world.check_flags(), "--json")
    assert len(json.loads(result.stdout)["served"]) == 2, result


def test_a_backend_of_plain_rsa_needs_no_signature(program, world):
    """keyEncipherment is what these suites use the key for: the handshake judges it, and not the audit."""
    port = free_port()
    whole = make_leaf(world.folder, world.issuing, NAME, "RSA-2048", "keyEncipherment")
    with openssl_server(world.folder, whole, *TLS_1_2, "-cipher", "AES128-GCM-SHA256") as backend:
        running = program.run(world.settings(), site(world, port, backend))
        eventually("it is connected to", lambda: fetches(port, world).ok, also=running.report)
