"""backend_reuse = shared: idle connections to the backend serve any client of the site, but those of a login."""

import signal
import threading
import urllib.request

import pytest
from clients import python_pipe
from conftest import WORKERS
from http_servers import NAME, HttpBackend, HttpClient, HttpSite, answer
from metrics_text import read_metrics
from ntlm_servers import NtlmBackend, NtlmClient
from pki import Authority, chain_pem
from program import configuration, eventually, free_port
from tls_servers import Server, http_answer

GET = f"GET /a HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
CLOSE = f"GET /a HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n"
POST = f"POST /a HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 4\r\n\r\nbody"


def tell(visit, request):
    return answer(f"{request.method} {request.target} {len(request.body)}".encode())


class Shared:
    """A site that shares its backend, served by one worker: what one client leaves is there for the next."""

    def __init__(self, program, world, backend, settings=None, **keys):
        self.program, self.world, self.backend = program, world, backend
        self.settings = {"workers": 1, **(settings or {})}
        self.site = HttpSite(program, world, backend, self.settings, backend_reuse="shared", **keys)
        self.port, self.running = self.site.port, self.site.running

    def ask(self, data=GET, method="GET"):
        return self.site.ask(data, method)

    def configure(self, **keys):
        """Writes the configuration anew, and has it read."""
        (path,) = self.program.folder.glob("chainmend-*.ini")
        path.write_text(configuration(self.world.settings(**self.settings), {"mail": {
            "listen": f"127.0.0.1:{self.port}", "certificate": self.world.complete, "key": self.world.key,
            "backend": self.backend.url, "protocol": "http", "backend_reuse": "shared", **keys}}))
        self.running.signal(signal.SIGHUP)


@pytest.fixture(params=["tcp", "tls"])
def backend(request, world):
    with HttpBackend(tell, (world.complete, world.key) if request.param == "tls" else None) as made:
        yield made
        made.assert_clean()


@pytest.fixture
def shared(program, world, backend):
    return Shared(program, world, backend)


@pytest.mark.parametrize("request_text", [GET, CLOSE, POST, GET.replace("1.1", "1.0")])
def test_clients_one_after_another_use_one_connection(shared, backend, request_text):
    for _ in range(100):
        assert shared.ask(request_text).status == 200
    assert len(backend.requests) == 100
    assert len(backend.visits) == 1


def test_more_workers_have_a_connection_each(program, world, backend):
    site = HttpSite(program, world, backend, backend_reuse="shared")
    for _ in range(100):
        assert site.ask(GET).status == 200
    assert len(backend.visits) <= WORKERS


def test_private_is_one_connection_a_client(program, world, backend):
    site = HttpSite(program, world, backend, {"workers": 1})
    for _ in range(5):
        assert site.ask(GET).status == 200
    assert len(backend.visits) == 5


def test_clients_that_stay_share_what_is_idle(shared, backend):
    """Ten clients stay connected, and ask in turn."""
    clients = [shared.site.client() for _ in range(10)]
    for _ in range(3):
        for client in clients:
            assert client.ask(GET).body == b"GET /a 0"
    for client in clients:
        client.pipe.close()
    assert len(backend.visits) == 1


def test_requests_at_the_same_time_have_a_connection_each(program, world):
    """Nobody waits for another's answer, and nobody gets it."""
    gate = threading.Barrier(4)

    def wait(visit, request):
        gate.wait(20)
        return answer(request.target.encode())

    with HttpBackend(wait) as backend:
        shared = Shared(program, world, backend)
        for turn in range(3):
            clients = [shared.site.client() for _ in range(4)]
            for number, client in enumerate(clients):
                client.send(GET.replace("/a", f"/{turn}-{number}"))
            for number, client in enumerate(clients):
                assert client.reader.answer().body == f"/{turn}-{number}".encode()
                client.pipe.close()
        assert len(backend.visits) == 4
        backend.assert_clean()


def test_many_clients_at_once_get_their_own_answers(program, world, backend):
    """Each request has a number of its own, and each answer says it."""
    site = HttpSite(program, world, backend, backend_reuse="shared")
    faults = []

    def run(number):
        try:
            for turn in range(20):
                with site.client() as client:
                    for again in range(2):
                        text = f"/{number}/{turn}/{again}"
                        got = client.ask(POST.replace("/a", text))
                        if got.body != f"POST {text} 4".encode():
                            faults.append((text, got.body))
        except Exception as fault:  # a thread's own would be lost
            faults.append((number, fault))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(backend.requests) == 6 * 20 * 2
    assert len(backend.visits) <= 6 * WORKERS


def test_an_idle_connection_that_the_backend_ends_is_not_used(shared, backend):
    for number in range(3):
        assert shared.ask(POST).status == 200, "a POST that is never sent twice"
        assert len(backend.visits) == number + 1
        backend.visits[-1].pipe.end()
        eventually("chainmend has ended it too", backend.visits[-1].ended.is_set)


def test_bytes_that_come_while_idle_are_nobodys_answer(program, world):
    """A backend that says more than it was asked for would poison the next client's answer."""
    def say_more(visit, request):
        return tell(visit, request) + answer(b"poison")

    with HttpBackend(say_more) as backend:
        shared = Shared(program, world, backend)
        for number in range(3):
            assert shared.ask(GET).body == b"GET /a 0"
            assert len(backend.visits) == number + 1


def test_bytes_that_come_later_are_nobodys_answer(shared, backend):
    for number in range(3):
        assert shared.ask(GET).body == b"GET /a 0"
        assert len(backend.visits) == number + 1
        backend.visits[-1].pipe.send(answer(b"poison"))
        eventually("chainmend has ended it", backend.visits[-1].ended.is_set)


@pytest.mark.parametrize("said, reused", [
    (answer(b"hi", "200 OK", "Connection: close"), False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", False),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", True),
    (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", True),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"hi"), True),
    (answer(b"hi", "401 Unauthorized", 'WWW-Authenticate: Basic realm="a"'), True),
    (answer(b"hi", "401 Unauthorized", "WWW-Authenticate: NTLM"), False),
    (answer(b"hi", "401 Unauthorized", 'WWW-Authenticate: Basic realm="a", Negotiate'), False),
    (answer(b"hi", "407 Proxy Authentication Required", "Proxy-Authenticate: Negotiate"), False),
    (answer(b"hi", "200 OK", "WWW-Authenticate: Negotiate oYG2"), False),
])
def test_which_answers_leave_a_connection_for_others(program, world, said, reused):
    with HttpBackend(lambda visit, request: said) as backend:
        shared = Shared(program, world, backend)
        for _ in range(3):
            shared.ask(GET)
        assert len(backend.visits) == (1 if reused else 3)


@pytest.mark.parametrize("login, reused", [
    ("Basic YW5uYTpTb21tZXIx", True), ("Bearer NTLM", True), ("Digest username=anna", True),
    ("NTLM TlRMTVNTUAABAAAA", False), ("negotiate YIIB", False), ("Kerberos YIIB", False), ("CredSSP MDk=", False),
])
def test_which_logins_bind_a_connection(shared, backend, login, reused):
    for _ in range(3):
        assert shared.ask(GET.replace("\r\n\r\n", f"\r\nAuthorization: {login}\r\n\r\n")).status == 200
    assert len(backend.visits) == (1 if reused else 3)


def test_one_that_is_logged_in_is_its_clients_alone(program, world):
    """Its client asks between others, whose requests go elsewhere; with the client it ends."""
    with NtlmBackend() as backend:
        shared = Shared(program, world, backend)
        with shared.site.client() as client:
            anna = NtlmClient(client, "anna")
            assert anna.log_in().status == 200
            for _ in range(3):
                assert shared.ask(GET).status == 401, "another client is nobody"
                assert anna.ask().body == b"anna GET 0"
        assert shared.ask(GET).status == 401
        assert [backend.login(visit).user for visit in backend.visits].count("anna") == 1


def test_a_login_over_one_that_others_have_used(program, world):
    """Anonymous requests go over it first; from the login on, it is bound."""
    def answer_openly(visit, request):
        return tell(visit, request)

    with HttpBackend(answer_openly) as backend:
        shared = Shared(program, world, backend)
        assert shared.ask(GET).status == 200
        with shared.site.client() as client:
            assert client.ask(GET.replace("\r\n\r\n", "\r\nAuthorization: NTLM TlRM\r\n\r\n")).status == 200
            assert len(backend.visits) == 1, "an idle one is as good for a login as a new one"
            assert shared.ask(GET).status == 200
            assert len(backend.visits) == 2
            assert client.ask(GET).status == 200
        assert [len(visit.requests) for visit in backend.visits] == [3, 1]


def end_after_first(ended):
    """Answers the first request of a connection, and ends without a byte where another comes on it."""
    def respond(visit, request):
        if len(visit.requests) == 1:
            return tell(visit, request)
        ended.append(request.method)
        return None

    return respond


def test_a_request_is_sent_again_over_a_fresh_connection(program, world):
    """There is another idle one, on which it would fail again."""
    ended = []
    with HttpBackend(end_after_first(ended)) as backend:
        shared = Shared(program, world, backend)
        clients = [shared.site.client() for _ in range(3)]
        gate = threading.Barrier(3)
        plain, backend._respond = backend._respond, lambda visit, request: (gate.wait(20), tell(visit, request))[1]
        for client in clients:
            client.send(GET)
        for client in clients:
            assert client.reader.answer().status == 200
        backend._respond = plain
        assert len(backend.visits) == 3
        assert shared.ask(GET).body == b"GET /a 0"
        assert ended == ["GET"], "once, and not over the other idle ones"
        assert len(backend.visits) == 4


def test_a_request_with_a_body_is_not_sent_again(program, world):
    ended = []
    with HttpBackend(end_after_first(ended)) as backend:
        shared = Shared(program, world, backend)
        assert shared.ask(GET).status == 200
        assert shared.ask(POST).status == 502
        assert ended == ["POST"]
        assert len(backend.visits) == 1


def test_an_idle_connection_ends_with_keepalive_timeout(program, world, backend):
    shared = Shared(program, world, backend, keepalive_timeout="1s")
    assert shared.ask(GET).status == 200
    visit, = backend.visits
    eventually("the idle connection has ended", visit.ended.is_set)
    assert shared.ask(GET).status == 200
    assert len(backend.visits) == 2


def test_a_reload_with_another_backend(program, world, backend):
    """The new configuration's clients never see the old backend, whose idle connections end."""
    with HttpBackend(lambda visit, request: answer(b"other")) as other:
        shared = Shared(program, world, backend)
        assert shared.ask(GET).body == b"GET /a 0"
        visit, = backend.visits
        with shared.site.client() as stays:
            assert stays.ask(GET).body == b"GET /a 0"
            shared.configure(backend=other.url)
            eventually("the idle connection has ended", visit.ended.is_set, also=shared.running.report)
            assert shared.ask(GET).body == b"other"
            assert stays.ask(GET).body == b"GET /a 0", "a connection keeps what it was accepted under"
            assert stays.ask(GET).body == b"GET /a 0"
            assert shared.ask(GET).body == b"other"
        assert len(other.visits) == 1
        assert len(backend.visits) == 2


def test_a_drain_ends_idle_connections(shared, backend):
    assert shared.ask(GET).status == 200
    visit, = backend.visits
    shared.running.stop()
    eventually("the idle connection has ended", visit.ended.is_set)


def test_a_backend_that_is_back_is_preferred_to_idle_ones_of_another(program, world):
    """The order of the configuration holds, as without idle connections."""
    port, listen = free_port(), free_port()
    with HttpBackend(lambda visit, request: answer(b"second")) as second:
        program.run(world.settings(workers=1), {"mail": {
            "listen": f"127.0.0.1:{listen}", "certificate": world.complete, "key": world.key, "protocol": "http",
            "backend": [f"tcp://127.0.0.1:{port}", second.url], "backend_reuse": "shared"}})

        def asked():
            with HttpClient(listen, world.roots) as client:
                return client.ask(GET).body

        for _ in range(3):
            assert asked() == b"second"
        assert len(second.visits) == 1
        with Server(http_answer("first"), port=port):
            eventually("the first is tried again", lambda: asked() == b"first")


def test_a_tls_backend_is_shaken_hands_with_once(program, world):
    """The session is kept with the connection, and so is the verdict over its certificate."""
    with HttpBackend(tell, (world.complete, world.key)) as backend:
        shared = Shared(program, world, backend, backend_verify="strict")
        for _ in range(20):
            assert shared.ask(GET).status == 200
        visit, = backend.visits
        assert len(visit.requests) == 20


def test_a_tls_backend_that_is_not_trusted_is_never_shared(program, world):
    stranger = Authority.root("Unrelated CA").issue_leaf([NAME])
    with HttpBackend(tell, stranger.write(world.folder, "stranger")) as backend:
        shared = Shared(program, world, backend)
        for _ in range(3):
            assert shared.ask(GET).status == 503
        assert backend.visits == []


def test_the_name_of_the_client_chooses_the_connection(program, world):
    """With backend_name = client, a connection that was made for one name does not serve another."""
    names = [NAME, "autodiscover.contoso.test"]
    leaf = world.issuing.issue_leaf(names, aia=[world.url])
    _, key = leaf.write(world.folder, "both")
    complete = world.folder / "both-complete.pem"
    complete.write_text(chain_pem(leaf, world.issuing))
    with HttpBackend(tell, (complete, key)) as backend:
        shared = Shared(program, world, backend, certificate=complete, key=key, backend_name="client")
        for _ in range(3):
            for name in names:
                with python_pipe(shared.port, name, world.roots) as pipe:
                    pipe.send(GET.replace(NAME, name).encode())
                    assert pipe.receive().startswith(b"HTTP/1.1 200 ")
        assert len(backend.visits) == 2
        for visit in backend.visits:
            assert len({request.get("host") for request in visit.requests}) == 1


def test_the_counts_are_those_of_connections(program, world, backend):
    admin = free_port()
    shared = Shared(program, world, backend, {"admin": f"127.0.0.1:{admin}"})
    for _ in range(10):
        assert shared.ask(GET).status == 200
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics") as answered:
        metrics = read_metrics(answered.read().decode())
    labels = {"site": "mail", "backend": f"127.0.0.1:{backend.server.port}"}
    assert metrics["chainmend_backend_connects_total"].value(**labels) == 1
    assert metrics["chainmend_backend_failures_total"].value(**labels) == 0


def test_debug_says_which_connection_is_taken(program, world, backend):
    shared = Shared(program, world, backend, {"log_level": "debug"})
    for _ in range(2):
        assert shared.ask(GET).status == 200
    shared.running.wait_for_words(f"takes an idle connection to 127.0.0.1:{backend.server.port}")


def test_a_tunnel_is_never_shared(program, world):
    def switch(visit, request):
        if request.get("upgrade"):
            visit.pipe.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            return visit.pipe.receive()
        return tell(visit, request)

    with HttpBackend(switch) as backend:
        shared = Shared(program, world, backend)
        assert shared.ask(GET).status == 200
        with shared.site.client() as client:
            got = client.ask(GET.replace("\r\n\r\n", "\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"))
            assert got.status == 101
            client.send(b"raw")
            assert client.pipe.receive() == b"raw"
            assert shared.ask(GET).status == 200
        assert len(backend.visits) == 2
