"""Who the client is, as the backend is told, and what a site sets, removes, and calls its backend.

Sources: RFC 7239 4 and 6 (Forwarded, its nodes: an IPv6 address in brackets and quotes), docs/http.md.
"""

import pytest
from http_servers import NAME, HttpBackend, HttpClient, HttpSite, answer
from program import free_port


@pytest.fixture
def backend():
    with HttpBackend(lambda visit, request: answer(b"here")) as made:
        yield made
        made.assert_clean()


def request(*fields, line="GET / HTTP/1.1", host=NAME):
    return "\r\n".join([line, f"Host: {host}", *fields]) + "\r\n\r\n"


def sent_on(site, *fields, host=NAME):
    assert site.ask(request(*fields, host=host)).status == 200
    return site.backend.requests[-1]


X, RFC7239 = "x-forwarded-for", "forwarded"


@pytest.mark.parametrize("forwarded,has_x,has_rfc7239", [
    ("x-forwarded", True, False), ("rfc7239", False, True), ("both", True, True), ("off", False, False)])
def test_the_backend_is_told_in_the_words_that_the_site_wants(program, world, backend, forwarded, has_x, has_rfc7239):
    site = HttpSite(program, world, backend, forwarded=forwarded)
    asked = sent_on(site, host=f"{NAME}:8443")
    x = {name: asked.get("x-forwarded-" + name) for name in ("for", "proto", "host", "port")}
    assert x == ({"for": "127.0.0.1", "proto": "https", "host": f"{NAME}:8443", "port": str(site.port)} if has_x
                 else dict.fromkeys(x))
    assert asked.get("forwarded") == (f'for=127.0.0.1;host="{NAME}:8443";proto=https' if has_rfc7239 else None)


def test_an_ipv6_client_is_told_in_brackets_where_the_grammar_wants_them(program, world, backend):
    port = free_port()
    program.run(world.settings(), {"mail": {
        "listen": f"[::1]:{port}", "certificate": world.complete, "key": world.key, "backend": backend.url,
        "protocol": "http", "forwarded": "both"}})
    with HttpClient(port, world.roots, host="::1") as client:
        assert client.ask(request()).status == 200
    asked, = backend.requests
    assert asked.get("x-forwarded-for") == "::1"
    assert asked.get("forwarded") == f'for="[::1]";host={NAME};proto=https'


def test_an_ipv4_client_of_an_ipv6_listener_is_told_as_what_it_is(program, world, backend):
    port = free_port()
    program.run(world.settings(trusted_proxies="127.0.0.0/8"), {"mail": {
        "listen": f"[::]:{port}", "certificate": world.complete, "key": world.key, "backend": backend.url,
        "protocol": "http", "forwarded": "both"}})
    try:
        client = HttpClient(port, world.roots)
    except ConnectionRefusedError:
        pytest.skip("an IPv6 listener takes IPv6 alone here")
    with client:
        assert client.ask(request("X-Forwarded-For: 192.0.2.1")).status == 200
    asked, = backend.requests
    assert asked.get("x-forwarded-for") == "192.0.2.1, 127.0.0.1", "trusted as the IPv4 address that it is"
    assert asked.get("forwarded") == f"for=127.0.0.1;host={NAME};proto=https"


TOLD = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2", "X-Forwarded-Proto: http",
        "X-Forwarded-Host: outer.test",
        "X-Forwarded-Port: 80", "X-Forwarded-Prefix: /p", "Forwarded: for=192.0.2.1",
        'Forwarded: for="[2001:db8::1]";proto=http']


def test_what_a_trusted_proxy_told_is_kept_and_appended_to(program, world, backend):
    site = HttpSite(program, world, backend, {"trusted_proxies": "127.0.0.1"}, forwarded="both")
    asked = sent_on(site, *TOLD)
    assert asked.get("x-forwarded-for") == "192.0.2.1, 192.0.2.2, 127.0.0.1"
    assert asked.get("x-forwarded-proto") == "http"
    assert asked.get("x-forwarded-host") == "outer.test"
    assert asked.get("x-forwarded-port") == "80"
    assert asked.get("x-forwarded-prefix") == "/p"
    assert asked.get("forwarded") == ('for=192.0.2.1, for="[2001:db8::1]";proto=http, '
                                      f"for=127.0.0.1;host={NAME};proto=https")
    asked = sent_on(site)
    assert asked.get("x-forwarded-for") == "127.0.0.1", "what it does not tell is told as of any client"
    assert asked.get("x-forwarded-proto") == "https"


def test_what_a_trusted_proxy_told_goes_on_where_the_site_tells_nothing(program, world, backend):
    site = HttpSite(program, world, backend, {"trusted_proxies": ["10.0.0.0/8", "127.0.0.0/8"]}, forwarded="off")
    asked = sent_on(site, *TOLD)
    assert [f"{name}: {value}" for name, value in asked.fields[1:]] == TOLD


def test_what_everybody_else_told_is_removed(program, world, backend):
    site = HttpSite(program, world, backend, {"trusted_proxies": ["10.0.0.0/8", "127.0.0.2", "::1"]}, forwarded="both")
    asked = sent_on(site, *TOLD)
    assert asked.get("x-forwarded-for") == "127.0.0.1"
    assert asked.get("x-forwarded-proto") == "https"
    assert asked.get("x-forwarded-host") == NAME
    assert asked.get("x-forwarded-port") == str(site.port)
    assert asked.get("x-forwarded-prefix") is None
    assert asked.get("forwarded") == f"for=127.0.0.1;host={NAME};proto=https"


def test_a_trusted_proxy_does_not_lend_its_trust(program, world, backend):
    """A spelling with `_` is its client's, and client certificates are told by the end of TLS alone."""
    site = HttpSite(program, world, backend, {"trusted_proxies": "127.0.0.1"})
    for name in ("X_Forwarded_For", "X-Forwarded_Proto", "X_Forwarded-Host", "X_Forwarded_User", "Client-Cert",
                 "Client_Cert",
                 "Client-Cert-Chain", "X-SSL-Client-Verify", "X_SSL_Client_Verify", "Proxy"):
        asked = sent_on(site, f"{name}: forged")
        assert [value for _, value in asked.fields if "forged" in value] == [], name
    asked = sent_on(site, "Connection: X-Forwarded-For", "X-Forwarded-For: 192.0.2.1")
    assert asked.get("x-forwarded-for") == "192.0.2.1, 127.0.0.1"


def test_what_the_site_sets_stands_in_place_of_what_came(program, world, backend):
    site = HttpSite(program, world, backend, set_header=["X-Real-IP: 192.0.2.9", "x-forwarded-port: 443",
                                                         "User-Agent: chainmend; a=\"b\""])
    asked = sent_on(site, "X-Real-IP: forged", "X_Real_IP: forged", "x-real-ip: forged", "User-Agent: mine",
                    "Accept: kept")
    assert asked.get("x-real-ip") == "192.0.2.9"
    assert asked.get("x-forwarded-port") == "443"
    assert asked.get("x-forwarded-proto") == "https"
    assert asked.get("user-agent") == 'chainmend; a="b"'
    assert asked.get("accept") == "kept"
    assert [value for _, value in asked.fields if "forged" in value] == []


def test_what_the_site_removes_does_not_go_on(program, world, backend):
    site = HttpSite(program, world, backend, remove_header=["Accept-Encoding", "X_Odd", "X-Forwarded-Host"])
    asked = sent_on(site, "accept-encoding: gzip", "X-Odd: 1", "x_odd: 2", "X-Oddly: kept")
    assert [name for name, _ in asked.fields] == ["Host", "X-Oddly", "X-Forwarded-For", "X-Forwarded-Proto",
                                                  "X-Forwarded-Port"]


def test_the_backend_can_have_a_host_of_its_own(program, world, backend):
    site = HttpSite(program, world, backend, backend_host="exchange01.corp.test:444", forwarded="both")
    for came in (request(), request(line=f"GET http://{NAME}/ HTTP/1.1", host="x")):
        assert site.ask(came).status == 200
    assert site.ask("GET / HTTP/1.0\r\n\r\n").status == 200
    for asked in backend.requests:
        assert asked.get("host") == "exchange01.corp.test:444"
    for asked in backend.requests[:2]:
        assert asked.get("x-forwarded-host") == NAME
        assert asked.get("forwarded") == f"for=127.0.0.1;host={NAME};proto=https"


@pytest.mark.parametrize("key,value,advice", [
    ("set_header", "Host: other.test", "backend_host"), ("set_header", "Content-Length: 1", ""),
    ("set_header", "Transfer_Encoding: chunked", ""), ("set_header", "Connection: close", ""),
    ("set_header", "Upgrade: x", "upgrade"), ("remove_header", "Host", "backend_host"),
    ("remove_header", "Content-Length", ""), ("remove_header", "Transfer-Encoding", ""),
    ("set_header", "No colon", ""), ("set_header", "Bad name: 1", ""), ("remove_header", "Bad(name", "")])
def test_fields_of_framing_are_no_matter_of_taste(program, world, backend, key, value, advice):
    path = program.write(world.settings(), {"mail": {
        "listen": f"127.0.0.1:{free_port()}", "certificate": world.complete, "key": world.key, "backend": backend.url,
        "protocol": "http", key: value}})
    result = program.command("run", "--check-config", "-c", path)
    assert result.returncode == 1
    assert f"{key} = {value}: " in result.stderr and advice in result.stderr
