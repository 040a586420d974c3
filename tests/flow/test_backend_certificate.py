"""A backend that asks for a client certificate gets the configured one and its chain, or the log says what it lacks."""

import ssl

import pytest
from clients import curl
from conftest import NAME
from pki import Authority, chain_pem
from program import eventually, free_port
from tls_servers import TlsServer, http_answer

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def client_root():
    return Authority.root("Client Root CA")


@pytest.fixture
def client(client_root):
    """A client certificate below an intermediate that the backend does not have."""
    issuing = client_root.issue_authority("Client Issuing CA")
    return issuing.issue_leaf(["chainmend.contoso.test"], purpose="client"), issuing


@pytest.fixture
def asking(world, client_root):
    roots, _ = client_root.write(world.folder, "client-root")

    def start(version):
        return TlsServer(world.complete, world.key, http_answer(), client_ca=roots, minimum=version, maximum=version)
    return start


def site(world, port, backend, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.complete, "key": world.key,
                     "backend": f"tls://127.0.0.1:{backend.port}", "backend_name": NAME, **more}}


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("apart", [True, False], ids=["key in its own file", "key with the certificate"])
def test_the_certificate_is_shown_with_its_chain(program, world, client, asking, version, apart):
    leaf, issuing = client
    port, file, key = free_port(), world.folder / "client.pem", world.folder / "client.key"
    # The intermediate first: the leaf is found by its key.
    file.write_text(chain_pem(issuing, leaf) + ("" if apart else leaf.key_pem))
    key.write_text(leaf.key_pem)
    keys = {"backend_certificate": file, **({"backend_key": key} if apart else {})}
    with asking(version) as backend:
        running = program.run(world.settings(), site(world, port, backend, **keys))
        answer = curl(port, NAME, world.roots)
        assert answer.ok, f"{answer}\n{running.report()}"
        assert answer.stdout == "hello from the backend\n"


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_without_one_the_backends_refusal_is_told(program, world, asking, version):
    port = free_port()
    with asking(version) as backend:
        running = program.run(world.settings(), site(world, port, backend))
        assert not curl(port, NAME, world.roots).ok
        eventually("the log names the backend and what it said",
                   lambda: any(f"127.0.0.1:{backend.port}" in line and ("certificate required" in line.lower()
                                                                        or "handshake failure" in line.lower())
                               for line in running.stderr.splitlines()), also=running.report)


def test_a_key_of_another_certificate_is_refused_at_the_start(program, world, client, asking):
    leaf, issuing = client
    file = world.chain("client", leaf, issuing)
    with asking(VERSIONS[1]) as backend:
        path = program.write(world.settings(), site(world, free_port(), backend, backend_certificate=file,
                                                    backend_key=world.key))
        result = program.command("run", "-c", path, "--check-config")
    assert result.returncode == 1
    assert str(world.key) in result.stderr and "belongs to none of the certificates" in result.stderr, result.stderr
