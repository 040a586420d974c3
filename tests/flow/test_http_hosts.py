"""Request lines and hosts: what a request is for, and which site may answer it.

Sources: RFC 9112 2.3, 3, 3.2 and 3.2.2 (request line, Host, absolute form), RFC 9110 4.2.4, 9.1 and 15.6.6 (user names,
methods, versions), RFC 9110 15.5.20 (421).
"""

import pytest
from http_servers import NAME, HttpBackend, HttpClient, HttpSite, answer
from program import free_port


def tell(visit, request):
    return answer(f"{request.method} {request.target} {request.get('host')}".encode())


@pytest.fixture
def backend():
    with HttpBackend(tell) as made:
        yield made
        made.assert_clean()


@pytest.fixture
def site(program, world, backend):
    return HttpSite(program, world, backend)


def head(line, *fields):
    return "\r\n".join([line, *fields]) + "\r\n\r\n"


HOST = f"Host: {NAME}"

REFUSED = [  # RFC 9112 3.2: one Host, and a good one; in HTTP/1.1 at least one
    ("no Host", head("GET / HTTP/1.1"), 400, "has no Host"),
    ("two equal ones", head("GET / HTTP/1.1", HOST, HOST), 400, "has two Host fields"),
    ("two ones", head("GET / HTTP/1.1", HOST, "Host: other.test"), 400, "has two Host fields"),
    ("two ones, spelt in two ways", head("GET / HTTP/1.1", HOST, "hOST: other.test"), 400, "has two Host fields"),
    ("two ones in HTTP/1.0", head("GET / HTTP/1.0", HOST, HOST), 400, "has two Host fields"),
    ("an empty one", head("GET / HTTP/1.1", "Host:"), 400, "has a Host that is no host"),
    ("a list", head("GET / HTTP/1.1", f"Host: {NAME} other.test"), 400, "has a Host that is no host"),
    ("a path in it", head("GET / HTTP/1.1", f"Host: {NAME}/admin"), 400, "has a Host that is no host"),
    ("a user in it", head("GET / HTTP/1.1", f"Host: {NAME}@other.test"), 400, "has a Host that is no host"),
    ("an address in it", head("GET / HTTP/1.1", f"Host: https://{NAME}"), 400, "has a Host that is no host"),
    ("a port of letters", head("GET / HTTP/1.1", f"Host: {NAME}:https"), 400, "has a Host that is no host"),
    ("a port too large", head("GET / HTTP/1.1", f"Host: {NAME}:65536"), 400, "has a Host that is no host"),
    ("two ports", head("GET / HTTP/1.1", f"Host: {NAME}:443:443"), 400, "has a Host that is no host"),
    ("an open bracket", head("GET / HTTP/1.1", "Host: [::1"), 400, "has a Host that is no host"),
    ("no address in brackets", head("GET / HTTP/1.1", "Host: [mail]"), 400, "has a Host that is no host"),
    ("bytes behind the brackets", head("GET / HTTP/1.1", "Host: [::1]x"), 400, "has a Host that is no host"),
    ("a broken escape", head("GET / HTTP/1.1", "Host: a%2"), 400, "has a Host that is no host"),
    ("absolute form without Host", head(f"GET https://{NAME}/ HTTP/1.1"), 400, "has no Host"),
    ("absolute form, bad Host", head(f"GET https://{NAME}/ HTTP/1.1", "Host: a b"), 400, "has a Host that is no host"),
    ("absolute form, bad host", head("GET https://a@b/ HTTP/1.1", HOST), 400, "has a target"),
    ("absolute form, no host", head("GET https:/// HTTP/1.1", HOST), 400, "has a target"),
    ("absolute form, other scheme", head(f"GET ftp://{NAME}/ HTTP/1.1", HOST), 400, "has a target"),
    # RFC 9112 3: method, target and version, and one blank between
    ("two blanks", head("GET  / HTTP/1.1", HOST), 400, "one blank between"),
    ("two blanks before the version", head("GET /  HTTP/1.1", HOST), 400, "one blank between"),
    ("a tab", head("GET\t/ HTTP/1.1", HOST), 400, "does not begin with a method"),
    ("a blank first", head(" GET / HTTP/1.1", HOST), 400, "does not begin with a method"),
    ("a blank last", head("GET / HTTP/1.1 ", HOST), 400, "one blank between"),
    ("a blank in the target", head("GET /a b HTTP/1.1", HOST), 400, "one blank between"),
    ("no target", head("GET HTTP/1.1", HOST), 400, "one blank between"),
    ("no version: HTTP/0.9", head("GET /"), 400, "one blank between"),
    ("a fragment", head("GET /a#b HTTP/1.1", HOST), 400, "has a fragment"),
    ("no path", head("GET a HTTP/1.1", HOST), 400, "has a target"),
    ("`*` of a method that has none", head("GET * HTTP/1.1", HOST), 400, "has a target"),
    ("a byte outside of ASCII", head("GET /\xe4 HTTP/1.1", HOST), 400, "has a target"),
    ("a control", head("GET /\x01 HTTP/1.1", HOST), 400, "has a target"),
    ("a method that is no token", head("G(T / HTTP/1.1", HOST), 400, "does not begin with a method"),
    ("a method too long", head("A" * 300 + " / HTTP/1.1", HOST), 501, "has a method that is too long"),
    ("CONNECT", head(f"CONNECT {NAME}:443 HTTP/1.1", HOST), 501, "asks for a tunnel by CONNECT"),
    # RFC 9112 2.3, RFC 9110 15.6.6
    ("HTTP/1.2", head("GET / HTTP/1.2", HOST), 505, "is neither HTTP/1.1 nor HTTP/1.0"),
    ("HTTP/2.0", head("GET / HTTP/2.0", HOST), 505, "is neither HTTP/1.1 nor HTTP/1.0"),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "is neither HTTP/1.1 nor HTTP/1.0"),
    ("HTTP/0.9 by name", head("GET / HTTP/0.9", HOST), 505, "is neither HTTP/1.1 nor HTTP/1.0"),
    ("a version in small letters", head("GET / http/1.1", HOST), 400, "one blank between"),
    ("a version of two digits", head("GET / HTTP/1.10", HOST), 400, "one blank between"),
    ("a version without a dot", head("GET / HTTP/11", HOST), 400, "one blank between"),
    ("another protocol", head("GET / ICY/1.1", HOST), 400, "one blank between"),
]


def test_a_request_that_is_for_nothing_clear_is_refused(site, backend):
    for what, request, status, words in REFUSED:
        with site.client() as client:
            got = client.ask(request)
            assert (what, got.status) == (what, status)
            assert words in got.body.decode(), what
            assert got.get("connection") == "close"
            client.assert_end()
    for words in {words for _, _, _, words in REFUSED}:
        site.running.wait_for_words(words)
    assert backend.requests == []
    assert site.ask(head("GET /after HTTP/1.1", HOST)).status == 200


TARGETS = [  # what comes, and the target and host that go on (RFC 9112 3.2.1 to 3.2.4)
    ("GET /a?b HTTP/1.1", "Host: one.test", "/a?b", "one.test"),
    ("GET / HTTP/1.1", "Host: ONE.test:8443", "/", "ONE.test:8443"),
    ("GET / HTTP/1.1", "Host: 192.0.2.1", "/", "192.0.2.1"),
    ("GET / HTTP/1.1", "Host: [2001:db8::1]:443", "/", "[2001:db8::1]:443"),
    ("GET //two/slashes HTTP/1.1", "Host: one.test", "//two/slashes", "one.test"),
    ("GET /../up/%2e%2E/%00{|}\"<> HTTP/1.1", "Host: one.test", "/../up/%2e%2E/%00{|}\"<>", "one.test"),
    ("GET /?u=http://x/ HTTP/1.1", "Host: one.test", "/?u=http://x/", "one.test"),
    ("OPTIONS * HTTP/1.1", "Host: one.test", "*", "one.test"),
    ("GET http://one.test/a?b HTTP/1.1", "Host: two.test", "/a?b", "one.test"),
    ("GET HTTPS://one.test:8443/a HTTP/1.1", "Host: two.test", "/a", "one.test:8443"),
    ("GET http://one.test HTTP/1.1", "Host: two.test", "/", "one.test"),
    ("GET http://one.test?b HTTP/1.1", "Host: two.test", "/?b", "one.test"),
    ("OPTIONS http://one.test HTTP/1.1", "Host: two.test", "*", "one.test"),
    ("GET http://[::1]:8/ HTTP/1.1", "Host: two.test", "/", "[::1]:8"),
]


def test_the_target_goes_on_in_origin_form_and_an_absolute_one_names_the_host(site, backend):
    with site.client() as client:
        for line, host, _, _ in TARGETS:
            assert client.ask(head(line, host)).status == 200, line
    for (line, _, target, host), asked in zip(TARGETS, backend.requests, strict=True):
        assert (line, asked.target, asked.get("host")) == (line, target, host)
        assert asked.get("x-forwarded-host") == host


def test_http_1_0_goes_on_with_a_host(site, backend):
    """The name of the handshake stands in for a Host that HTTP/1.0 need not have."""
    assert site.ask(head("GET / HTTP/1.0")).body == f"GET / {NAME}".encode()
    assert site.ask(head("GET / HTTP/1.0", "Host: one.test")).body == b"GET / one.test"
    assert [asked.version for asked in backend.requests] == ["1.1", "1.1"]


METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "RPC_IN_DATA", "RPC_OUT_DATA",
           "RDG_IN_DATA",
           "RDG_OUT_DATA", "PROPFIND", "PROPPATCH", "BPROPPATCH", "X-MS-ENUMATTS", "M-SEARCH", "BREW",
           "!#$%&'*+-.^_`|~1"]


def test_any_token_is_a_method(site, backend):
    with site.client() as client:
        for method in METHODS:
            assert client.ask(head(f"{method} /m HTTP/1.1", HOST)).body == f"{method} /m {NAME}".encode()
    assert [asked.method for asked in backend.requests] == METHODS


# 421: two sites of one listener.

A, B = "a.contoso.test", "b.contoso.test"


@pytest.fixture
def two_sites(program, world):
    """Site a has two names and is the default; the certificate is good for all of them."""
    leaf = world.issuing.issue_leaf([A, B, "www." + A, "*.wild.contoso.test"])
    chain = world.chain("both", leaf, world.issuing)
    key = world.folder / "both.key"
    key.write_text(leaf.key_pem)
    port = free_port()
    with HttpBackend(tell) as first, HttpBackend(tell) as second:
        common = {"listen": f"127.0.0.1:{port}", "certificate": chain, "key": key, "protocol": "http"}
        running = program.run(world.settings(), {
            "a": {**common, "hostnames": [A, "www." + A], "backend": first.url, "default": "on"},
            "b": {**common, "hostnames": [B, "*.wild.contoso.test"], "backend": second.url}})
        yield running, first, second, lambda name: HttpClient(port, world.roots, name)


MISDIRECTED = [  # the handshake's name, Host, the site that answers; none: 421
    (A, A, "a"),
    (A, A.upper(), "a"),
    (A, A + ".", "a"),
    (A, A + ":443", "a"),
    (A, "www." + A, "a"),
    (A, "unknown.test", "a"),
    (A, "192.0.2.1", "a"),
    (A, "[2001:db8::1]:443", "a"),
    (A, B, None),
    (A, B.upper(), None),
    (A, B + ".", None),
    (A, B + ":8443", None),
    (A, "one.wild.contoso.test", None),
    ("www." + A, B, None),
    (B, B, "b"),
    (B, "one.wild.contoso.test", "b"),
    (B, "unknown.test", "b"),
    (B, A, None),
    (B, "www." + A + ":443", None),
    ("two.wild.contoso.test", B, "b"),
    (None, A, "a"),  # without SNI, the default site has shown its certificate
    (None, B, None),
]


def test_a_host_of_another_site_is_misdirected(two_sites):
    running, first, second, connect = two_sites
    for name, host, wanted in MISDIRECTED:
        before = len(first.requests), len(second.requests)
        with connect(name) as client:
            got = client.ask(head("GET / HTTP/1.1", f"Host: {host}"))
            assert (name, host, got.status) == (name, host, 200 if wanted else 421)
            if wanted is None:
                assert got.get("connection") == "close"
                client.assert_end()
        more = len(first.requests) - before[0], len(second.requests) - before[1]
        assert (name, host, more) == (name, host, {"a": (1, 0), "b": (0, 1), None: (0, 0)}[wanted])
    running.wait_for_words("is for a host of another site (RFC 9110 15.5.20)")


def test_an_absolute_target_of_another_site_is_misdirected_too(two_sites):
    _, first, second, connect = two_sites
    with connect(A) as client:
        assert client.ask(head(f"GET https://{B}/ HTTP/1.1", f"Host: {A}")).status == 421
    with connect(A) as client:
        assert client.ask(head(f"GET https://{A}/ HTTP/1.1", f"Host: {B}")).status == 200
    assert (len(first.requests), len(second.requests)) == (1, 0)


def test_a_later_request_of_a_connection_is_judged_too(two_sites):
    _, first, second, connect = two_sites
    with connect(A) as client:
        assert client.ask(head("GET / HTTP/1.1", f"Host: {A}")).status == 200
        assert client.ask(head("GET / HTTP/1.1", f"Host: {B}")).status == 421
        client.assert_end()
    assert (len(first.requests), len(second.requests)) == (1, 0)
