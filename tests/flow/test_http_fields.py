"""What becomes of fields: those of one connection end here, and no client speaks in the proxy's name.

Sources: RFC 9110 7.6.1 (Connection), RFC 9110 10.1.4 (TE), RFC 9112 C.2.2 (Proxy-Connection); CVE-2022-31813 (httpd)
and CVE-2025-48865 (Fabio): `Connection: close, X-Forwarded-For` strips what the proxy says; CVE-2025-64484
(OAuth2-Proxy): X_Forwarded_* is the same to many backends; CVE-2016-5385 (httpoxy): Proxy becomes HTTP_PROXY; RFC
9440 4 (Client-Cert).
"""

import pytest
from http_servers import NAME, HttpBackend, HttpSite, answer


@pytest.fixture
def backend():
    with HttpBackend(lambda visit, request: answer(b"here")) as made:
        yield made
        made.assert_clean()


def request(*fields, line="GET / HTTP/1.1"):
    return "\r\n".join([line, f"Host: {NAME}", *fields]) + "\r\n\r\n"


def sent_on(site, *fields, line="GET / HTTP/1.1"):
    """The request as the backend got it."""
    assert site.ask(request(*fields, line=line)).status == 200
    return site.backend.requests[-1]


OURS = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"]
# What names a Connection field cannot take away: routing, framing, login, what a cache or a range depends on.
END_TO_END = ["Host", "Content-Length", "Authorization", "Cookie", "Content-Type", "Content-Encoding", "Range",
              "If-Match",
              "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Origin", "Accept",
              "Cache-Control",
              "Proxy-Authorization", "Expect"]


def test_fields_of_one_connection_end_here(program, world, backend):
    site = HttpSite(program, world, backend)
    asked = sent_on(site, "Connection: X-One, x-two,,keep-alive , te", "X-One: 1", "X-TWO: 2", "X_Two: 2", "X-Three: 3",
                    "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers", "Trailer: X-Sum",
                    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "Upgrade: websocket", "connection: X-Four", "X-Four: 4")
    assert [name for name, _ in asked.fields] == ["Host", "X-Three", *OURS]


def test_connection_cannot_take_away_what_both_ends_need(program, world, backend):
    site = HttpSite(program, world, backend)
    values = {"Host": NAME, "Content-Length": "0", "Expect": "100-continue"}
    fields = [f"{name}: {values.get(name, 'kept')}" for name in END_TO_END if name != "Host"]
    asked = sent_on(site, "Connection: close, " + ", ".join(END_TO_END + OURS), *fields, line="POST / HTTP/1.1")
    for name in END_TO_END:
        assert asked.get(name) == values.get(name, "kept"), name
    assert asked.get("x-forwarded-for") == "127.0.0.1"
    assert asked.get("x-forwarded-proto") == "https"
    assert asked.get("x-forwarded-host") == NAME
    assert asked.get("x-forwarded-port") == str(site.port)


def test_connection_cannot_take_away_what_the_site_sets(program, world, backend):
    site = HttpSite(program, world, backend, forwarded="both", set_header=["X-Real-IP: set", "X-Auth: set"])
    asked = sent_on(site, "Connection: close, X-Real-IP, X_Auth, Forwarded, X-Forwarded-For, X_Forwarded_Proto")
    assert asked.get("x-real-ip") == asked.get("x-auth") == "set"
    assert asked.get("forwarded") == f"for=127.0.0.1;host={NAME};proto=https"
    assert asked.get("x-forwarded-for") == "127.0.0.1"


def test_a_connection_field_that_names_too_much_is_refused(program, world, backend):
    site = HttpSite(program, world, backend)
    assert sent_on(site, "Connection: " + ", ".join(f"x-{number}" for number in range(32)))
    assert site.ask(request("Connection: " + ", ".join(f"x-{number}" for number in range(33)))).status == 400
    assert len(backend.requests) == 1
    site.running.wait_for_words("names more than 32 fields")


SPELLINGS = ["X-Forwarded-For", "x-forwarded-for", "X_Forwarded_For", "X-Forwarded_For", "x_forwarded-FOR",
             "X-Forwarded-Proto", "X_Forwarded_Proto", "X-Forwarded-Host", "X_FORWARDED_HOST", "X-Forwarded-Port",
             "X_Forwarded_Port", "X-Forwarded-Server", "X-Forwarded-User", "X_Forwarded_User", "X-Forwarded-Prefix",
             "X-Forwarded-", "Forwarded", "FORWARDED", "Proxy", "PROXY", "Client-Cert", "Client_Cert", "CLIENT-CERT",
             "Client-Cert-Chain", "Client_Cert-Chain", "X-SSL-Client-Verify", "X_SSL_Client_Verify",
             "X-SSL-Client-S-DN",
             "x-ssl-client-anything"]
LIKE_THEM = ["X-Forwarded", "X-Forwardedfor", "XForwarded-For", "Forwarded-For", "Proxy-Foo", "Proxies", "Client-Ce",
             "My-Client-Cert", "X-SSL-Client", "X-SSL-Clients", "X-Real-IP", "Via", "X_Other"]


@pytest.mark.parametrize("forwarded", ["x-forwarded", "rfc7239", "both", "off"])
def test_what_a_client_says_of_itself_is_removed(program, world, backend, forwarded):
    site = HttpSite(program, world, backend, forwarded=forwarded)
    for name in SPELLINGS:
        asked = sent_on(site, f"{name}: forged")
        assert [value for _, value in asked.fields if "forged" in value] == [], name
    asked = sent_on(site, *(f"{name}: mine" for name in LIKE_THEM))
    assert [name for name, value in asked.fields if value == "mine"] == LIKE_THEM


def test_what_goes_on_keeps_its_order_and_spelling(program, world, backend):
    site = HttpSite(program, world, backend, forwarded="off")
    fields = ["b: 1", "A:2", "b:\t3 \t", "Empty:", "Bytes: \xe4\xff", 'Quoted: "a, b"', "!#$%&'*+-.^_`|~: token",
              "Cookie: a=1",
              "Cookie: b=2"]
    asked = sent_on(site, *fields)
    assert asked.fields == [("Host", NAME), ("b", "1"), ("A", "2"), ("b", "3"), ("Empty", ""), ("Bytes", "\xe4\xff"),
                            ("Quoted", '"a, b"'), ("!#$%&'*+-.^_`|~", "token"), ("Cookie", "a=1"), ("Cookie", "b=2")]


def test_fields_of_the_backend_s_connection_end_here_too(program, world):
    fields = ["Connection: X-One, keep-alive, Set-Cookie, content-type", "X-One: 1", "Keep-Alive: timeout=5",
              "Proxy-Connection: keep-alive", "Upgrade: h2c", "Trailer: X-Sum", "Set-Cookie: a=1", "Set-Cookie: b=2",
              "Content-Type: text/plain", "WWW-Authenticate: Basic realm=x", "Proxy-Authenticate: Basic realm=y",
              "Server: s",
              "Date: d", "X_Forwarded_For: theirs"]
    with HttpBackend(lambda visit, request: answer(b"here", "200 As it came", *fields)) as backend:
        got = HttpSite(program, world, backend).ask(request())
    assert got.reason == "As it came"
    assert got.fields == [("Content-Length", "4"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                          ("Content-Type", "text/plain"), ("WWW-Authenticate", "Basic realm=x"),
                          ("Proxy-Authenticate", "Basic realm=y"), ("Server", "s"), ("Date", "d"),
                          ("X_Forwarded_For", "theirs")]
