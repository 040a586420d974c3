"""Fetching under every rule, against servers that lie, drip, loop, hang and redirect."""

import json

import pytest
from aia_server import AiaServer, body, drip, endless, hang_up, huge, redirect, silent, slow, status, wrong_length
from conftest import NAME
from pki import Authority, chain_pkcs7


def check(program, world, urls, *more, allow=("127.0.0.1",)):
    leaf = world.issuing.issue_leaf([NAME], aia=urls)
    flags = ["--roots", f"demo={world.roots}", "--cache", world.cache]
    for rule in allow:
        flags += ["--fetch-allow", rule]
    result = program.command("check", "--chain", world.chain("hostile", leaf), *flags, "--json", *more)
    return result, json.loads(result.stdout)


def codes(report):
    return {finding["code"] for finding in report["findings"]}


def finding(report, code):
    return next(one for one in report["findings"] if one["code"] == code)


GOOD_ANSWERS = {
    "der": lambda world: body(world.issuing.der),
    "pem": lambda world: body(world.issuing.pem.encode(), "text/plain"),
    "pkcs7": lambda world: body(chain_pkcs7(world.issuing), "application/pkcs7-mime"),
    "pkcs7, the wrong one first": lambda world: body(chain_pkcs7(Authority.root("Other Root CA"), world.issuing)),
    "wrong in type": lambda world: body(world.issuing.der, "text/html"),
    "a little slow": lambda world: slow(1, body(world.issuing.der)),
}


@pytest.mark.parametrize("answer", GOOD_ANSWERS)
def test_what_is_an_issuer_is_taken_whatever_its_clothes(program, world, answer):
    url = world.aia.route("/any", GOOD_ANSWERS[answer](world))
    result, report = check(program, world, [url])
    assert result.returncode == 1, result
    assert len(report["mended"]) == 2
    assert world.aia.count() == 1


BAD_ANSWERS = {
    "not found": (lambda world: status(404), "fetch_failed"),
    "server error": (lambda world: status(503), "fetch_failed"),
    "huge": (lambda world: huge(64 * 1024 * 1024), "fetch_failed"),
    "endless": (lambda world: endless(world.issuing.der), "fetch_failed"),
    "dripping": (lambda world: drip(world.issuing.der), "fetch_failed"),
    "dead": (lambda world: silent(), "fetch_failed"),
    "hangs up": (lambda world: hang_up(), "fetch_failed"),
    "shorter than it says": (lambda world: wrong_length(world.issuing.der, 50_000), "fetch_failed"),
    "html": (lambda world: body(b"<html>Not here any more</html>", "application/pkix-cert"), "fetch_not_a_certificate"),
    "nothing": (lambda world: body(b""), "fetch_not_a_certificate"),
    "empty pkcs7": (lambda world: body(bytes.fromhex(
        "302306092a864886f70d010702a0163014020101310030"
        "0b06092a864886f70d010701a0003100")), "fetch_not_a_certificate"),
    "truncated der": (lambda world: body(world.issuing.der[:-20]), "fetch_not_a_certificate"),
    "another authority": (lambda world: body(Authority.root("Other Root CA").der), "fetch_wrong_issuer"),
    "the right name with the wrong key": (
        lambda world: body(world.root.issue_authority("Contoso Issuing CA").der), "fetch_wrong_issuer"),
    "a leaf": (lambda world: body(world.issuing.issue_leaf(["x.test"]).der), "fetch_wrong_issuer"),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_what_is_no_issuer_is_told_and_not_kept(program, world, answer):
    behaviour, code = BAD_ANSWERS[answer]
    url = world.aia.route("/any", behaviour(world))
    result, report = check(program, world, [url])
    assert result.returncode == 2, result
    assert {"incomplete_chain", code} <= codes(report), codes(report)
    assert finding(report, code)["url"] == url
    assert len(report["mended"]) == 1
    assert not list(world.cache.glob("*.pem"))


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(program, world):
    padding = 64 * 1024 - len(world.issuing.pem)
    fits = world.issuing.pem.encode() + b"\n" * padding
    result, _ = check(program, world, [world.aia.route("/fits", body(fits))])
    assert result.returncode == 1, result
    (entry,) = world.cache.glob("*.pem")
    entry.unlink()
    result, report = check(program, world, [world.aia.route("/large", body(fits + b"\n"))])
    assert result.returncode == 2, result
    assert "fetch_failed" in codes(report)


def test_a_bad_url_harms_no_other(program, world):
    urls = ["ldap://directory.contoso.test/cn=issuing", "https://127.0.0.1:1/x.cer", "not a url at all",
            world.aia.route("/404", status(404)), world.url]
    result, report = check(program, world, urls)
    assert result.returncode == 1, result
    assert len(report["mended"]) == 2


def test_a_leaf_with_240_urls_costs_five_requests_at_most(program, world):
    urls = [world.aia.route(f"/{index}", status(404)) for index in range(240)]
    result, report = check(program, world, urls)
    assert result.returncode == 2, result
    assert 1 <= world.aia.count() <= 5
    assert "incomplete_chain" in codes(report)


def test_a_chain_of_issuers_ends_at_the_depth_limit(program, world):
    authority, authorities = world.root, []
    for level in range(7):
        url = [world.aia.url(f"/level-{level - 1}")] if level > 1 else []
        authority = authority.issue_authority(f"Level {level} CA", aia=url)
        authorities.append(authority)
    for level, one in enumerate(authorities):
        world.aia.route(f"/level-{level}", body(one.der))
    leaf = authority.issue_leaf([NAME], aia=[world.aia.url("/level-6")])
    result = program.command("check", "--chain", world.chain("deep", leaf), *world.check_flags(), "--json")
    assert result.returncode == 2, result
    assert world.aia.count() <= 4


@pytest.mark.parametrize("number, status_wanted", [(1, 1), (2, 1), (3, 2)])
def test_two_redirects_are_followed_and_a_third_is_not(program, world, number, status_wanted):
    url = world.url
    for index in range(number):
        url = world.aia.route(f"/hop-{index}", redirect(url))
    result, _ = check(program, world, [url])
    assert result.returncode == status_wanted, result


@pytest.mark.parametrize("target", ["https://127.0.0.1:1/issuing.cer", "file:///etc/passwd", "ftp://127.0.0.1/x",
                                    "/loop", "http://", "gopher://127.0.0.1/x"])
def test_a_redirect_to_what_is_not_http_or_to_itself_is_not_followed(program, world, target):
    url = world.aia.route("/loop", redirect(target))
    result, report = check(program, world, [url])
    assert result.returncode == 2, result
    assert codes(report) & {"fetch_failed", "fetch_refused"}


def test_a_redirect_is_judged_like_a_url(program, world):
    with AiaServer("127.0.0.2") as inner:
        secret = inner.route("/secret", body(world.issuing.der))
        url = world.aia.route("/moved", redirect(secret))
        result, report = check(program, world, [url])
        assert result.returncode == 2, result
        assert inner.count() == 0, "the address that is not allowed was never asked"
        assert "fetch_refused" in codes(report)
        result, _ = check(program, world, [url], allow=("127.0.0.0/8",))
        assert result.returncode == 1, result


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1",
                                  "169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "0.0.0.0",
                                  "[fe80::1]", "[fd00::1]", "[::]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
                                  "[2002:7f00:1::]", "[::127.0.0.1]", "[::ffff:a00:1]", "224.0.0.1", "127.0.0.1."])
def test_only_public_addresses_are_asked_where_nothing_else_is_allowed(program, world, host):
    url = f"http://{host}:{world.aia.port}{world.path}"
    result, report = check(program, world, [url], allow=())
    assert result.returncode == 2, result
    assert world.aia.count() == 0
    assert codes(report) & {"fetch_refused", "fetch_failed"}


@pytest.mark.parametrize("target", ["[64:ff9b::7f00:1]", "[::ffff:127.0.0.2]", "169.254.169.254", "10.0.0.1"])
def test_a_redirect_does_not_lead_inside(program, world, target):
    url = world.aia.route("/moved", redirect(f"http://{target}:{world.aia.port}{world.path}"))
    result, report = check(program, world, [url])
    assert result.returncode == 2, result
    assert world.aia.count() == 1, "the redirect itself, and no more"
    assert "fetch_refused" in codes(report)


def test_a_refusal_prints_the_line_that_would_allow_it(program, world):
    result, report = check(program, world, [world.url], allow=())
    refused = finding(report, "fetch_refused")
    assert result.returncode == 2, result
    assert "127.0.0.1" in refused["message"] + refused["advice"]
    assert "fetch_allow" in refused["message"] + refused["advice"]


def test_no_credentials_and_no_cookies_are_sent(program, world):
    url = f"http://user:secret@127.0.0.1:{world.aia.port}{world.path}"
    result, _ = check(program, world, [url, world.url])
    assert result.returncode == 1, result
    for headers in world.aia.headers.values():
        assert not {"authorization", "cookie", "referer"} & {name.lower() for name in headers}


def test_two_certificates_that_name_each_other_end(program, world):
    first = Authority.root("First CA")
    second = Authority.root("Second CA")
    first_by_second = second.issue_authority("First CA", key=first.key, aia=[world.aia.url("/second")])
    second_by_first = first.issue_authority("Second CA", key=second.key, aia=[world.aia.url("/first")])
    world.aia.route("/first", body(first_by_second.der))
    world.aia.route("/second", body(second_by_first.der))
    leaf = first.issue_leaf([NAME], aia=[world.aia.url("/first")])
    result = program.command("check", "--chain", world.chain("loop", leaf), *world.check_flags(), "--json")
    assert result.returncode == 2, result
    assert world.aia.count() <= 8


@pytest.mark.parametrize("place", [99, 100], ids=["the hundredth", "the hundred and first"])
def test_the_first_hundred_certificates_of_a_body_are_read(program, world, place):
    """And it is told that there are more."""
    chain = [Authority.root(f"Other {index} CA") for index in range(101)]
    chain[place] = world.issuing
    url = world.aia.route("/many", body(chain_pkcs7(*chain)))
    result, report = check(program, world, [url])
    assert ("missing_intermediate" in codes(report)) == (place == 99), report["findings"]
    assert result.returncode == (1 if place == 99 else 2), result
    (limit,) = [finding for finding in report["findings"] if finding["code"] == "verification_limit"]
    assert "the first 100 were, and 1 were passed over" in limit["message"] and limit["url"] == url
    assert limit["severity"] == ("info" if place == 99 else "warning")
