"""A backend that asks for a client certificate gets the configured one and its chain, or the log says what it lacks."""

import os
import signal
import ssl
import time

import pytest
from aia_server import body, status
from bench_tool import nginx
from clients import curl
from conftest import NAME
from pki import DAY, NOW, Authority, chain_pem
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


CLIENT_PART, CLIENT_RENEWAL_PART = 16, 17


class Behind:
    """nginx asks for a client certificate and has the root alone; the certificate's issuer is behind a URL."""

    def __init__(self, world, port):
        self.world, self.port = world, port
        self.root = Authority.root("Client Root CA")
        self.policy = self.root.issue_authority("Client Policy CA")
        self.issuing = self.policy.issue_authority("Client Issuing CA", aia=[world.aia.url("/policy.cer")])
        world.aia.route("/policy.cer", body(self.policy.der))
        world.aia.route("/client.cer", body(self.issuing.der))
        self.leaf = self.issue()
        self.file, self.key = world.folder / "client.pem", world.folder / "client.key"
        self.key.write_text(self.leaf.key_pem)
        self.show(self.leaf)

    def issue(self, **more):
        return self.issuing.issue_leaf(["chainmend.contoso.test"], **{
            "purpose": "client", "aia": [self.world.aia.url("/client.cer")], **more})

    def show(self, *chain):
        beside = self.file.with_suffix(".new")
        beside.write_text(chain_pem(*chain))
        os.replace(beside, self.file)

    def site(self, **more):
        return {"mail": {"listen": f"127.0.0.1:{self.front}", "hostnames": NAME, "certificate": self.world.complete,
                         "key": self.world.key, "backend": f"tls://127.0.0.1:{self.port}", "backend_name": NAME,
                         "backend_certificate": self.file, "backend_key": self.key, **more}}

    def run(self, program, **settings):
        self.front = free_port()
        self.running = program.run(self.world.settings(**settings), self.site())
        return self.running

    def answer(self):
        return curl(self.front, NAME, self.world.roots).stdout


@pytest.fixture
def behind(world, tmp_path):
    roots, _ = Authority.root("Somebody").write(tmp_path, "client-root")
    lines = (f"ssl_client_certificate {roots};", "ssl_verify_client on;", "ssl_verify_depth 3;")
    made = Behind(world, 0)
    roots.write_text(chain_pem(made.root))
    folder = tmp_path / "nginx"
    folder.mkdir()
    with nginx(folder, world.complete, world.key, *lines) as (port, _):
        made.port = port
        yield made


def refused(behind):
    """Tells whether nginx refuses the certificate as it stands in the file."""
    answer = curl(behind.port, NAME, behind.world.roots, "--cert", behind.file, "--key", behind.key)
    return "400" in answer.stdout and "SSL certificate error" in answer.stdout


def accepted(behind):
    return behind.answer() == "hello\n"


def test_a_client_certificate_alone_is_completed_by_fetching(program, behind):
    """nginx answers 400 to the leaf alone."""
    assert refused(behind)
    running = behind.run(program)
    eventually("nginx is content", lambda: accepted(behind), also=running.report)
    line = running.wait_for_fix("missing_intermediate", part=CLIENT_PART)
    assert line["subject_of"] == "certificate" and "backend_certificate" in line["advice"]
    assert line["after"][0]["sha256"].replace(":", "").lower() == behind.leaf.sha256
    codes = {fix["code"] for fix in running.fixes() if fix.get("part") == CLIENT_PART}
    assert not codes & {"name_not_covered", "wrong_purpose", "untrusted_root", "key_mismatch"}, codes
    assert "shown to backends" in running.stderr


def test_a_client_certificate_alone_is_completed_from_the_cache_at_once(program, behind):
    world = behind.world
    chain = world.chain("client-issuers", behind.issuing, behind.policy)
    result = program.command("cache", "import", "--cache", world.cache, chain)
    assert result.returncode == 0, result
    running = behind.run(program, fetch="off")
    assert accepted(behind), running.report()


def test_it_is_shown_as_it_is_until_its_issuer_can_be_fetched(program, behind):
    world = behind.world
    world.aia.route("/client.cer", status(503))
    running = behind.run(program)
    running.wait_for_fix("fetch_failed", part=CLIENT_PART)
    assert "400" in behind.answer()
    world.aia.route("/client.cer", body(behind.issuing.der))
    eventually("nginx is content", lambda: accepted(behind), 90, running.report)


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_the_probe_shows_the_mended_chain_too(program, world, behind, version):
    """This backend ends the handshake where it cannot verify the client's chain."""
    roots = world.chain("client-root", behind.root)
    with TlsServer(world.complete, world.key, http_answer(), client_ca=roots, minimum=version,
                   maximum=version) as backend:
        behind.port = backend.port
        running = behind.run(program)
        eventually("the backend is content", lambda: curl(behind.front, NAME, world.roots).ok, also=running.report)
        eventually("so is the probe", lambda: not is_standing(running, "backend_tls_failed"), also=running.report)


def is_standing(running, code):
    events = [line["event"] for line in running.fixes() if line["code"] == code]
    return bool(events) and events[-1] != "resolved"


def test_one_for_servers_alone_is_told(program, behind):
    leaf = behind.issue(purpose="server", key=behind.leaf.key)
    behind.show(leaf)
    running = behind.run(program)
    line = running.wait_for_fix("wrong_purpose", part=CLIENT_PART)
    assert "is not for TLS clients" in line["message"] and "clientAuth" in line["advice"]


def test_its_file_is_renewed_and_a_worse_one_is_held(program, behind):
    running = behind.run(program)
    eventually("nginx is content", lambda: accepted(behind), also=running.report)
    behind.show(behind.issue(key=behind.leaf.key, not_before=NOW - 9 * DAY, not_after=NOW - DAY))
    line = running.wait_for_fix("renewal_held", part=CLIENT_RENEWAL_PART, event="appeared")
    assert "it expired on " in line["message"] and accepted(behind)
    running.signal(signal.SIGHUP)
    eventually("the expired one is shown", lambda: "400" in behind.answer(), also=running.report)
    running.wait_for_fix("renewal_held", part=CLIENT_RENEWAL_PART, event="resolved")
    renewed = behind.issue()
    behind.key.write_text(renewed.key_pem)
    behind.show(renewed)
    eventually("the renewed one is shown", lambda: accepted(behind), also=running.report)


def test_a_key_that_does_not_belong_to_it_changes_nothing(program, behind):
    running = behind.run(program)
    eventually("nginx is content", lambda: accepted(behind), also=running.report)
    said = len(running.stderr)
    behind.key.write_text(behind.issue().key_pem)
    running.wait_for_words("belongs to none of the certificates", said)
    time.sleep(1)
    assert accepted(behind)
