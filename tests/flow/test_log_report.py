"""log --report: the page for whoever runs the broken server."""

import base64
import json
import re
import shutil
import signal
import subprocess
from html.parser import HTMLParser

import pytest
from conftest import NAME
from pki import DAY, NOW, Authority, sha256_of_pem_chain
from program import free_port
from tls_servers import Server

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Every element and text of a page; every element that is opened must be closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.files, self.ids = [], [], "", {}, []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        if tag == "a" and given["href"].startswith("#"):
            assert given["href"][1:] in self.ids, "what it refers to stands further up"
        elif tag == "a":
            kind, content = given["href"].split(";base64,")
            assert kind == "data:application/x-pem-file"
            self.files[given["download"]] = base64.b64decode(content, validate=True).decode()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "

    @property
    def words(self):
        return " ".join(self.text.split())


def site(world, port, backend_port, **more):
    return {"mail": {"listen": f"127.0.0.1:{port}", "hostnames": NAME, "certificate": world.leaf_alone,
                     "key": world.key, "backend": f"tcp://127.0.0.1:{backend_port}", **more}}


@pytest.fixture
def mended(program, world):
    """The log and the cache of a proxy that has mended a chain."""
    with Server() as backend:
        running = program.run(world.settings(), site(world, free_port(), backend.port,
                                                     hostnames=[NAME, "autodiscover.contoso.test"]))
        running.wait_for_fix("missing_intermediate")
        running.wait_for_fix("name_not_covered")
        running.stop()
    return world


def report(program, tmp_path, *arguments):
    path = tmp_path / "report.html"
    result = program.command("log", *arguments, "--report", path)
    assert (result.returncode, result.stdout) == (0, ""), result
    return path.read_text()


def test_it_says_what_is_wrong_and_how_to_repair_it(program, mended, tmp_path):
    page = Page(report(program, tmp_path, mended.fix_log, "--cache", mended.cache))
    for words in ("mail", "mended meanwhile missing_intermediate", "error name_not_covered",
                  "autodiscover.contoso.test", "chainmend adds the missing certificate",
                  "Nothing can be done in front of the server",
                  "What the server sends", "What it should send",
                  "Clients that trust demo refuse what the server sends, and accept the repaired chain.",
                  "certutil -addstore CA", "nginx -s reload",
                  "keytool -importcert", mended.issuing.sha256, "Seen since 20"):
        assert words in page.words, words
    certificates = {name: sha256_of_pem_chain(pem) for name, pem in page.files.items()}
    assert [mended.leaf.sha256, mended.issuing.sha256] in certificates.values()
    assert [mended.issuing.sha256] in certificates.values() and [mended.root.sha256] in certificates.values()
    steps = " ".join(re.findall(r"<pre>.*?</pre>", (tmp_path / "report.html").read_text()))
    named = set(re.findall(r"\S+\.(?:pem|cer)\b", steps))
    assert {name.rsplit("/", 1)[-1] for name in named if "bundle" not in name and "haproxy" not in name
            and "with-root" not in name} <= set(page.files)


def test_equal_chains_and_files_stand_once(program, world, tmp_path):
    """Six sites with one certificate: the steps of one of them are those of all."""
    with Server() as backend:
        sites = {f"s{i}": site(world, free_port(), backend.port)["mail"] for i in range(6)}
        running = program.run(world.settings(), sites)
        for name in sites:
            running.wait_for_fix("missing_intermediate", site=name)
        running.stop()
    text = report(program, tmp_path, world.fix_log, "--cache", world.cache)
    page = Page(text)
    assert page.words.count("The repair, step by step") == 1 and page.words.count("The same chains as further up") == 5
    assert len(page.ids) == len(set(page.ids))
    contents = re.findall(r"base64,([^\"]+)", text)
    assert len(contents) == len(set(contents)) and len(contents) >= 2
    one = report(program, tmp_path, world.fix_log, "--cache", world.cache, "--site", "s1")
    assert len(text) < 2 * len(one)


@pytest.fixture
def leafs(program, world, tmp_path):
    """The log of sites of one authority, each with a leaf of its own."""
    def run(count):
        made, sites = [], {}
        for i in range(count):
            name = f"s{i}.contoso.test"
            made.append(world.issuing.issue_leaf([name], aia=[world.url]))
            certificate, key = made[-1].write(tmp_path, f"s{i}")
            sites[f"s{i}"] = {"listen": f"127.0.0.1:{free_port()}", "hostnames": name, "certificate": certificate,
                              "key": key, "backend": "tcp://127.0.0.1:9"}
        running = program.run(world.settings(), sites)
        for name in sites:
            running.wait_for_fix("missing_intermediate", site=name)
        running.stop()
        return made
    return run


def test_leafs_of_one_authority_share_their_steps(program, world, tmp_path, leafs):
    """The steps stand once by kind of server, and each leaf has its own files."""
    made = leafs(6)
    text = report(program, tmp_path, world.fix_log, "--cache", world.cache)
    page = Page(text)
    one = Page(report(program, tmp_path, world.fix_log, "--cache", world.cache, "--site", "s1"))
    for words in ("nginx -s reload", "certutil -addstore CA", "keytool -importcert", "save ns config"):
        assert page.words.count(words) == one.words.count(words) > 0, words
    assert page.words.count("The same steps as further up, by kind of server") == len(made) - 1
    assert len(page.ids) == len(set(page.ids))
    certificates = [sha256_of_pem_chain(pem) for pem in page.files.values()]
    for leaf in made:
        assert [leaf.sha256, world.issuing.sha256] in certificates and [leaf.sha256] in certificates
    more = (len(text) - len((tmp_path / "report.html").read_text())) / (len(made) - 1)
    assert more < 8000, f"a further leaf takes {more} bytes"


def test_an_expired_certificate_is_marked(program, world, tmp_path):
    old = world.root.issue_authority("Contoso Issuing CA", key=world.issuing.key, not_before=NOW - 90 * DAY,
                                     not_after=NOW - 2 * DAY)
    given = world.chain("old", world.leaf, old)
    with Server() as backend:
        running = program.run(world.settings(), site(world, free_port(), backend.port, certificate=given))
        running.wait_for_fix("expired_intermediate", action="replaced")
        running.stop()
    page = Page(report(program, tmp_path, world.fix_log, "--cache", world.cache))
    assert page.words.count("left out expired was valid until") == 1, page.words
    assert page.words.count("expired was valid until") == 1


def test_what_is_left_out_and_what_is_gone(program, world, tmp_path):
    """A root that is served, told as harmless; a wrong order that was put right."""
    given = tmp_path / "given.pem"
    given.write_text(world.root.pem + world.issuing.pem + world.leaf.pem)
    with Server() as backend:
        running = program.run(world.settings(), site(world, free_port(), backend.port, certificate=given))
        running.wait_for_fix("wrong_order")
        given.write_text(world.leaf.pem + world.issuing.pem + world.root.pem)
        running.signal(signal.SIGHUP)
        running.wait_for_fix("wrong_order", event="resolved")
        running.stop()
    page = Page(report(program, tmp_path, world.fix_log))
    assert "harmless root_included" in page.words and "left out" in page.words
    assert "Nothing is open" not in page.words
    assert re.search("Gone wrong_order resolved 20.*stands in place 3", page.words)


def test_a_chain_that_was_put_back_is_told_as_that(program, tmp_path):
    log = tmp_path / "fixes.jsonl"
    log.write_text(json.dumps({
        "time": "2026-11-20T10:00:00.000Z", "event": "appeared", "site": "mail", "subject_of": "clients", "part": 1,
        "code": "client_rejected", "severity": "warning", "action": "replaced", "applied": True, "before": [],
        "after": [], "message": "The chain was withdrawn.",
        "advice": "Decide: `chainmend <check>`, then one ` alone."}) + "\n")
    text = report(program, tmp_path, log)
    assert "<dd>Decide: <code>chainmend &lt;check&gt;</code>, then one ` alone.</dd>" in text
    page = Page(text)
    assert "chainmend sends clients the chain of before again, until an operator decides." in page.words
    assert "a valid certificate in its place" not in page.words


def test_with_mode_report_nothing_is_done_meanwhile(program, world, tmp_path):
    with Server() as backend:
        running = program.run(world.settings(), site(world, free_port(), backend.port, mode="report"))
        running.wait_for_fix("missing_intermediate", applied=False)
        running.stop()
    page = Page(report(program, tmp_path, world.fix_log, "--cache", world.cache))
    assert "Nothing: chainmend only reports it here" in page.words
    assert "certutil -addstore CA" in page.words


def test_it_loads_nothing_from_anywhere(program, mended, tmp_path):
    text = report(program, tmp_path, mended.fix_log, "--cache", mended.cache)
    page = Page(text)
    assert not {tag for tag, _ in page.elements} & {"script", "img", "link", "iframe", "object", "form", "base"}
    loading = {"src", "srcset", "action", "style", "onclick", "onload"}
    assert not [given for _, given in page.elements if set(given) & loading]
    assert "url(" not in text and "@import" not in text
    assert "default-src 'none'" in text


def test_a_certificate_that_is_not_at_hand_is_named_by_its_digest(program, mended, tmp_path):
    page = Page(report(program, tmp_path, mended.fix_log, "--cache", tmp_path / "empty"))
    assert "not at hand here" in page.words and mended.issuing.sha256 in page.words
    assert "Not every certificate of the repaired chain is at hand" in page.words
    assert "certutil" not in page.words


def test_a_cache_that_lies_is_not_believed(program, mended, tmp_path):
    cached = mended.cache / f"{mended.issuing.sha256}.pem"
    cached.write_text(Authority.root("Fabrikam Root CA").pem)
    page = Page(report(program, tmp_path, mended.fix_log, "--cache", mended.cache))
    assert "not at hand here" in page.words
    assert "Fabrikam" not in page.words


def test_the_configuration_names_log_and_cache(program, mended, tmp_path):
    config = program.write(mended.settings(), site(mended, 443, 1))
    assert "nginx -s reload" in Page(report(program, tmp_path, "-c", config)).words
    assert "nginx -s reload" in Page(report(program, tmp_path, "-c", config, mended.fix_log)).words


HOSTILE = "<script>alert('x')</script>\" onload=\"y\" & &lt; \u202e"


def test_hostile_names_stay_text(program, tmp_path, world, aia):
    """In a certificate's subject, in the names of a log that somebody else wrote, and where a digest should be."""
    from aia_server import body
    evil = world.root.issue_authority(HOSTILE)
    aia.route("/evil.cer", body(evil.der))
    leaf = evil.issue_leaf([NAME], aia=[aia.url("/evil.cer")], common_name="<img src=x onerror=alert(1)>")
    certificate, key = leaf.write(tmp_path, "given")
    with Server() as backend:
        running = program.run(world.settings(),
                              site(world, free_port(), backend.port, certificate=certificate, key=key))
        fix = running.wait_for_fix("missing_intermediate")
        running.stop()
    text = report(program, tmp_path, world.fix_log, "--cache", world.cache)
    page = Page(text)
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert "alert('x')" in page.words and "\u202e" not in text
    lines = [{**fix, "site": HOSTILE, "code": HOSTILE, "message": HOSTILE, "advice": HOSTILE, "id": "0123456789abcdef",
              "after": [*fix["after"], {"subject": HOSTILE, "sha256": "../../../etc/passwd", "source": "cache",
                                        "not_after": HOSTILE, "bytes": 1}],
              "stores": [{"name": HOSTILE, "served_trusted": 1, "mended_trusted": None}], "anchor": HOSTILE},
             {**fix, "site": "odd", "id": "0" * 16, "before": 3, "after": {"a": []}, "stores": {}, "pem": 7,
              "certificate": [], "runners_up": None}]
    log = tmp_path / "hostile.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = Page(report(program, tmp_path, log))
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert not [given for _, given in page.elements if any(name.startswith("on") for name in given)]


def test_it_goes_to_stdout_too(program, mended):
    result = program.command("log", mended.fix_log, "--report", "-", "--cache", mended.cache)
    assert result.returncode == 0 and "certutil" in Page(result.stdout).words, result


def test_it_is_written_whole_or_not_at_all(program, mended, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("the former one")
    result = program.command("log", tmp_path / "no-such-log", "--report", path)
    assert result.returncode == 1 and path.read_text() == "the former one"
    result = program.command("log", mended.fix_log, "--report", tmp_path / "no" / "folder" / "report.html")
    assert result.returncode == 1 and "the report was not written" in result.stderr
    result = program.command("log", mended.fix_log, "--report", "/dev/full")
    assert result.returncode == 1 and "the report was not written" in result.stderr


FRAME = """<!doctype html><title>waiting</title>
<iframe id="f" src="report.html" style="width:390px;height:800px;border:0"></iframe><script>
window.onload = () => {
  const page = document.getElementById("f").contentDocument.documentElement;
  document.body.innerHTML = "<p id=width>width " + page.scrollWidth + " of " + page.clientWidth + "</p>";
};
</script>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_nothing_is_wider_than_a_phone(program, mended, tmp_path):
    """With names and messages that have no blank in them, every recipe open."""
    lines = [json.loads(line) for line in mended.fix_log.read_text().splitlines()]
    long = "w" * 300
    for line in lines:
        line.update(site=long, message=long, advice=long)
        for entry in line.get("before", []) + line.get("after", []):
            entry["subject"] = f"CN={long}"
    log = tmp_path / "long.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = report(program, tmp_path, log, "--cache", mended.cache)
    (tmp_path / "report.html").write_text(text.replace("<details>", "<details open>"))
    (tmp_path / "frame.html").write_text(FRAME)
    result = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu",
                             "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
                             "--virtual-time-budget=5000", "--dump-dom", (tmp_path / "frame.html").as_uri()],
                            capture_output=True, text=True, timeout=90, check=False)
    assert re.search(r"width (\d+) of \1\b", result.stdout), result


def test_a_log_of_nothing_gives_a_page_that_says_so(program, tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    assert "There is no finding" in Page(report(program, tmp_path, tmp_path / "empty.jsonl")).words
