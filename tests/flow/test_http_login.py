"""NTLM and Negotiate log in a connection and not a request: legs, bodies and clients keep to their pair of connections.

RFC 4559 6: a proxy must not share a connection that is logged in between clients. MS-NTHT 1: NTLM over HTTP is the same
with NTLM's messages (MS-NLMP 2.2.1). RFC 9110 10.1.1: a server may answer an expectation finally before the body comes.
"""

import threading

import pytest
from clients import curl
from http_servers import NAME, HttpSite
from ntlm_servers import USERS, NtlmBackend, NtlmClient
from program import eventually

LARGE = bytes(range(256)) * 8192  # 2 MiB


@pytest.fixture(params=["tcp", "tls"])
def backend(request, world):
    with NtlmBackend((world.complete, world.key) if request.param == "tls" else None) as made:
        yield made
        made.assert_clean()


@pytest.fixture(params=["private", "shared"])
def site(request, program, world, backend):
    return HttpSite(program, world, backend, backend_reuse=request.param)


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
def test_a_login_holds_for_its_connection(site, backend, scheme):
    with site.client() as client:
        anna = NtlmClient(client, "anna", scheme)
        assert anna.log_in().body == b"anna GET 0"
        for _ in range(3):
            assert anna.ask().body == b"anna GET 0", "no further login"
    assert len(backend.visits) == 1
    assert backend.num_challenges == 1


def test_a_connection_that_is_not_logged_in_is_told_so(site, backend):
    with site.client() as client:
        anna = NtlmClient(client, "anna")
        for _ in range(2):
            assert anna.ask().all("www-authenticate") == ["Negotiate", "NTLM"]


def test_a_large_body_waits_for_the_last_leg(site, backend):
    """Legs with Content-Length 0, as browsers and curl send them; the body behind 100 (Continue)."""
    with site.client() as client:
        anna = NtlmClient(client, "anna")
        refusal = anna.ask("POST", b"", anna.first())
        client.send(anna.head("POST", len(LARGE), anna.second(refusal), "Expect: 100-continue"))
        assert client.reader.answer().status == 100
        client.send(LARGE)
        assert client.reader.answer().body == f"anna POST {len(LARGE)}".encode()
    visit, = backend.visits
    assert [len(request.body) for request in visit.requests] == [0, len(LARGE)]


def test_a_large_body_is_sent_with_each_leg(site, backend):
    """A client that has announced a length sends so much, although the final 401 came before it: the connection would
    be lost otherwise, and the login with it."""
    with site.client() as client:
        anna = NtlmClient(client, "anna")
        for fields in ([], [anna.first()]):
            client.send(anna.head("POST", len(LARGE), "Expect: 100-continue", *fields))
            refusal = client.reader.answer()
            assert refusal.status == 401, "before a byte of the body"
            client.send(LARGE)
        client.send(anna.head("POST", len(LARGE), "Expect: 100-continue", anna.second(refusal)))
        assert client.reader.answer().status == 100
        client.send(LARGE)
        assert client.reader.answer().body == f"anna POST {len(LARGE)}".encode()
    visit, = backend.visits
    assert [request.body for request in visit.requests] == [LARGE] * 3


def test_a_body_that_does_not_wait(site, backend):
    """Without Expect, each leg's body comes at once, while the 401 is on its way."""
    with site.client() as client:
        anna = NtlmClient(client, "anna")
        refusal = anna.ask("POST", LARGE, anna.first())
        assert anna.ask("POST", LARGE, anna.second(refusal)).body == f"anna POST {len(LARGE)}".encode()
    assert len(backend.visits) == 1


@pytest.mark.parametrize("way", ["--ntlm", "--anyauth"])
@pytest.mark.parametrize("size", [0, len(LARGE)])
def test_curl_logs_in(site, backend, tmp_path, way, size):
    backend.schemes = ("NTLM",)  # curl would rather have Kerberos, for which there is no ticket here
    file = tmp_path / "body"
    file.write_bytes(LARGE[:size])
    got = curl(site.port, NAME, site.world.roots, "--http1.1", way, "--user", f"anna:{USERS['anna']}",
               *(["--data-binary", f"@{file}"] if size else []))
    assert got.stdout == (f"anna POST {size}" if size else "anna GET 0"), got


def test_clients_at_the_same_time_do_not_share_a_connection(site, backend):
    """Their legs are mixed as badly as can be."""
    with site.client() as one, site.client() as other:
        anna, bert = NtlmClient(one, "anna"), NtlmClient(other, "bert")
        of_anna, of_bert = anna.ask("GET", b"", anna.first()), bert.ask("GET", b"", bert.first())
        assert anna.ask("GET", b"", anna.second(of_anna)).body == b"anna GET 0"
        assert bert.ask("GET", b"", bert.second(of_bert)).body == b"bert GET 0"
        for _ in range(3):
            assert (anna.ask().body, bert.ask().body) == (b"anna GET 0", b"bert GET 0")
    users = [backend.login(visit).user for visit in backend.visits]
    assert sorted(user for user in users if user) == ["anna", "bert"]


def test_many_clients_see_themselves(site, backend):
    """Four threads of logins and requests; whoever saw another's login would see its name."""
    faults = []

    def run(user):
        try:
            for _ in range(5):
                with site.client() as client:
                    who = NtlmClient(client, user)
                    for got in (who.log_in(), who.ask(), who.ask("POST", LARGE[:5000])):
                        if not got.body.startswith(user.encode()):
                            faults.append((user, got.body))
        except Exception as fault:  # a thread's own would be lost
            faults.append((user, fault))

    threads = [threading.Thread(target=run, args=(user,)) for user in ("anna", "bert") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_client_that_comes_again_logs_in_anew(site, backend):
    with site.client() as client:
        assert NtlmClient(client, "anna").log_in().status == 200
    for _ in range(3):
        with site.client() as client:
            assert NtlmClient(client, "anna").ask().status == 401, "a login is its connection's"


def test_a_login_ends_with_its_client(site, backend):
    with site.client() as client:
        assert NtlmClient(client, "anna").log_in().status == 200
    visit, = [visit for visit in backend.visits if backend.login(visit).user]
    eventually("the connection that is logged in has ended", visit.ended.is_set)


def test_an_answer_to_the_challenge_of_another_connection_is_no_login(site, backend):
    with site.client() as one, site.client() as other:
        anna, bert = NtlmClient(one, "anna"), NtlmClient(other, "bert")
        of_anna = anna.ask("GET", b"", anna.first())
        bert.ask("GET", b"", bert.first())
        assert bert.ask("GET", b"", bert.second(of_anna)).status == 401


def test_a_backend_that_ends_a_login_ends_it_for_its_client_too(site, backend):
    """The next request goes to a new connection, where nobody is logged in."""
    with site.client() as client:
        anna = NtlmClient(client, "anna")
        assert anna.log_in().status == 200
        visit, = [visit for visit in backend.visits if backend.login(visit).user]
        visit.pipe.end()
        eventually("the backend's connection has ended", visit.ended.is_set)
        assert anna.ask().status == 401
        assert anna.log_in().status == 200
