"""The admin page's server: what it answers, to whom, and what it never says."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from clients import curl, s_client
from conftest import NAME, ROOT
from debian_servers import find
from metrics_text import Family, read_metrics
from program import eventually, free_port
from schemas import errors
from shop_window import ShopWindow

TOKEN = "0123456789abcdef-the-token-of-the-tests"
PATHS = ("/", "/page.css", "/page.js", "/icon.svg", "/api/status", "/metrics", "/healthz", "/readyz", "/nothing")


class Answer:
    def __init__(self, status: int, fields: dict[str, str], body: bytes) -> None:
        self.status, self.fields, self.body = status, fields, body

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(port: int, path: str, method: str = "GET", host: str = "127.0.0.1", **fields: str) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def status_of(port: int) -> dict:
    status = json.loads(ask(port, "/api/status").text)
    assert errors("status.schema.json", status) == []
    return status


def metrics_of(port: int) -> dict[str, Family]:
    return read_metrics(ask(port, "/metrics").text)


@pytest.fixture
def site(world):
    port = free_port()
    return {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.leaf_alone, "key": world.key,
                     "hostnames": NAME, "backend": f"tcp://127.0.0.1:{free_port()}"}}


@pytest.fixture
def admin(program, world, site):
    port = free_port()
    running = program.run(world.settings(admin=f"127.0.0.1:{port}"), site, [port])
    running.wait_for_fix("missing_intermediate")
    return port


def test_every_answer_has_its_type_and_the_fields_that_keep_browsers_honest(admin):
    types = {"/": "text/html; charset=utf-8", "/page.css": "text/css; charset=utf-8",
             "/page.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml",
             "/api/status": "application/json", "/metrics": "text/plain; version=0.0.4; charset=utf-8",
             "/healthz": "text/plain; charset=utf-8", "/readyz": "text/plain; charset=utf-8"}
    for path, kind in types.items():
        answer = ask(admin, path)
        assert (answer.status, answer.fields["content-type"]) == (200, kind), path
        assert answer.fields["cache-control"] == "no-store"
        assert answer.fields["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.fields["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.fields["content-security-policy"]
        head = ask(admin, path, "HEAD")
        assert (head.status, head.body) == (200, b"")
    assert ask(admin, "/nothing").status == 404
    assert ask(admin, "/../etc/passwd").status == 404


def test_only_reading_is_possible(admin):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        answer = ask(admin, "/api/status", method)
        assert (answer.status, answer.fields["allow"]) == (405, "GET, HEAD"), method
    assert ask(admin, "/", Content_Length="5").status == 400
    assert ask(admin, "/healthz").status == 200


def test_a_foreign_name_is_refused(admin):
    """DNS rebinding: the browser is at a web site's name, which resolves to this machine."""
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "[::1",
                 "", "a b"):
        assert ask(admin, "/api/status", Host=host).status in (400, 421), host
    for host in ("localhost", f"LocalHost:{admin}", "127.0.0.1", "192.0.2.7:81", "[::1]", "[2001:db8::1]:9000"):
        assert ask(admin, "/api/status", Host=host).status == 200, host


def test_a_request_has_one_host(admin):
    for first, second in ((b"localhost", b"evil.example"), (b"evil.example", b"localhost"),
                          (b"localhost", b"localhost")):
        answer = raw(admin, b"GET /healthz HTTP/1.1\r\nHost: %s\r\nhost: %s\r\nConnection: close\r\n\r\n"
                     % (first, second))
        assert answer.startswith(b"HTTP/1.1 400 "), (first, second)


def raw(port: int, request: bytes, wait_s: float = 30) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as sock:
        sock.sendall(request)
        answer = b""
        while True:
            more = sock.recv(65536)
            if not more:
                return answer
            answer += more


def test_oversized_and_broken_requests_cost_their_own_connection_alone(admin):
    too_long = b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert raw(admin, too_long).split(b" ")[1] in (b"414", b"413", b"431", b"400")
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 500) for number in range(200))
    answer = raw(admin, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n")
    assert answer.split(b" ")[1] in (b"413", b"431", b"400")
    for rubbish in (b"\x16\x03\x01\x00\x05hello\r\n\r\n", b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n",
                    b"GET / HTTP/1.1\r\n\r\n"):
        answer = raw(admin, rubbish)
        assert answer == b"" or answer.split(b" ")[1].startswith((b"4", b"5")), answer
    assert ask(admin, "/healthz").status == 200


def test_clients_that_say_nothing_do_not_keep_others_out(admin):
    held = [socket.create_connection(("127.0.0.1", admin)) for _ in range(80)]  # more than are let in
    held[0].sendall(b"GET / HT")
    held[0].settimeout(40)
    assert held[0].recv(100) == b""  # its time is up
    eventually("an answer for those who ask", lambda: ask(admin, "/healthz").status == 200)
    for one in held:
        one.close()


def test_the_status_says_what_is_mended(admin, world):
    status = status_of(admin)
    site = status["sites"][0]
    chain = site["chains"][0]
    assert (status["num_sites"], status["next"], status["states"]["mended"]) == (1, None, 1)
    assert (site["name"], site["state"], chain["state"], chain["goes_out"]) == ("mail", "mended", "mended", "mended")
    assert [one["sha256"] for one in chain["served"]] == [world.leaf.sha256]
    assert [(one["sha256"], one["added"]) for one in chain["mended"]] == [(world.leaf.sha256, False),
                                                                          (world.issuing.sha256, True)]
    assert chain["anchor"]["sha256"] == world.root.sha256
    assert chain["stores"] == [{"name": "demo", "served_trusted": False, "mended_trusted": True}]
    assert (chain["names"][0]["name"], chain["names"][0]["covered"]) == (NAME, True)
    assert [one["code"] for one in site["findings"]] == ["missing_intermediate"]
    assert status["recent"][0]["event"] == "appeared"
    assert status["mends"]["fetches"]["ok"] == 1 and status["mends"]["issuers_fetched"] == 1
    assert ask(admin, "/api/status?from=1").status == 200
    assert json.loads(ask(admin, "/api/status?from=999999999").text)["sites"] == []
    for wrong in ("x", "-1", "", "1e3", "99999999999999999999"):
        assert ask(admin, f"/api/status?from={wrong}").status == 400


def refusal_of(port: int, requests: bytes) -> bytes:
    """The head of the first 503, where the server does nothing but answer: it never waits for a client."""
    end = time.monotonic() + 100
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            threading.Thread(target=send_all, args=(sock, requests), daemon=True).start()
            with sock.makefile("rb") as answers:
                for _ in range(requests.count(b"\r\n\r\n")):
                    head = read_answer(answers)
                    if head.startswith(b"HTTP/1.1 503 "):
                        return head
    raise AssertionError("no 503")


def send_all(sock: socket.socket, requests: bytes) -> None:
    with contextlib.suppress(OSError):  # closed once a 503 came
        sock.sendall(requests)


def read_answer(answers) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = answers.readline()
        assert line, head
        head += line
    answers.read(int(head.lower().split(b"content-length:")[1].split()[0]))
    return head


def test_who_asks_for_ever_other_parts_has_to_wait(admin):
    """Making them takes a tenth of the control thread's time at the most, and other pages are answered meanwhile."""
    assert ask(admin, "/api/status").status == 200
    head = refusal_of(admin, "".join(f"GET /api/status?from={1 + number % 99} HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                     for number in range(1000)).encode())
    assert b"\r\nRetry-After: 2\r\n" in head
    assert ask(admin, "/api/status").status == ask(admin, "/metrics").status == ask(admin, "/readyz").status == 200
    eventually("its turn", lambda: ask(admin, "/api/status?from=1").status == 200)


def test_the_metrics_are_those_of_the_document(admin):
    table = dict(re_rows((ROOT / "docs" / "metrics.md").read_text()))
    families = metrics_of(admin)
    assert {name: family.type for name, family in families.items()} == {name: row[0] for name, row in table.items()}
    for name, family in families.items():
        labels = {label for _, series in family.samples for label, _ in series} - {"le"}
        assert labels <= set(table[name][1]), name
        assert family.help == table[name][2], name


def re_rows(text):
    for line in text.splitlines():
        if line.startswith("| `chainmend_"):
            name, kind, labels, words = [cell.strip() for cell in line.strip("|").split("|")]
            yield name.strip("`"), (kind, [label.strip(" `") for label in labels.split(",")], words)


def test_promtool_takes_the_metrics_and_the_rules(admin):
    promtool = find("promtool", "prometheus")
    checked = subprocess.run([*promtool, "check", "metrics"], input=ask(admin, "/metrics").body, capture_output=True,
                             check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
    rules = subprocess.run([*promtool, "check", "rules", ROOT / "conf" / "install" / "prometheus-alerts.yml"],
                           capture_output=True, check=False)
    assert rules.returncode == 0, rules.stdout + rules.stderr


def test_rules_and_dashboard_ask_for_metrics_that_there_are():
    import re
    known = {name for name, _ in re_rows((ROOT / "docs" / "metrics.md").read_text())}
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    dashboard = json.loads((ROOT / "conf" / "install" / "grafana-dashboard.json").read_text())
    assert len(dashboard["panels"]) > 5
    for path in ("prometheus-alerts.yml", "grafana-dashboard.json"):
        asked = set(re.findall(r"\bchainmend_\w+", (ROOT / "conf" / "install" / path).read_text()))
        assert asked and asked <= known, (path, asked - known)


def test_what_clients_do_is_counted(program, tmp_path, aia):
    admin = free_port()
    with ShopWindow(tmp_path, aia) as window:
        program.run(window.settings(admin=f"127.0.0.1:{admin}"), window.sites(), [admin])
        window.wait_mended()
        window.visit("mail")
        window.visit("shop")
        window.visit("shop")
        window.reject("mail")
        assert s_client(window.ports["shop"], "shop.northwind.test", window.roots, "-tls1_2").ok
        with socket.create_connection(("127.0.0.1", window.ports["archive"])) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while sock.recv(1000):
                pass

        def handshakes(**labels):
            return metrics_of(admin)["chainmend_handshakes_total"].value(**labels)
        eventually("all that was counted", lambda: handshakes(site="shop", result="ok") == 3)
        assert handshakes(site="shop", version="1.3", resumed="no", result="ok") == 2
        assert handshakes(site="shop", version="1.2", result="ok") == 1
        assert handshakes(site="archive", result="failed") == 1
        families = metrics_of(admin)
        assert families["chainmend_client_alerts_total"].value(site="mail", alert="unknown_ca") == 1
        assert families["chainmend_bytes_total"].value(site="shop", direction="to_client") > 100
        assert families["chainmend_backend_up"].value(site="mail") == 1
        assert families["chainmend_site_state"].value(site="legacy", state="broken") == 1
        assert families["chainmend_certificate_expires_in_seconds"].value(site="shop", position="0") > 100 * 86400
        status = {site["name"]: site for site in status_of(admin)["sites"]}
        assert {name: site["state"] for name, site in status.items()} == {
            "mail": "mended", "shop": "good", "archive": "attention", "legacy": "broken"}
        assert status["mail"]["totals"]["rejected"] == 1
        assert status["mail"]["rejections"][0]["present"]["rejected"] == 1
        assert sum(status["shop"]["traffic"]["handshakes"]) == 3


def test_a_backend_that_is_gone_is_down_and_comes_back(program, world, tmp_path):
    from tls_servers import Server, http_answer
    admin, port, backend_port = free_port(), free_port(), free_port()
    program.run(world.settings(admin=f"127.0.0.1:{admin}"),
                {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                          "backend": f"tcp://127.0.0.1:{backend_port}"}}, [admin])
    assert status_of(admin)["sites"][0]["backends"][0]["state"] == "unknown"
    curl(port, NAME, world.roots)
    eventually("the backend is down", lambda: status_of(admin)["sites"][0]["backends"][0]["state"] == "down")
    assert status_of(admin)["sites"][0]["state"] == "broken" and status_of(admin)["states"]["broken"] == 1
    with Server(http_answer(), port=backend_port):
        assert curl(port, NAME, world.roots).ok
        eventually("the backend is up", lambda: status_of(admin)["sites"][0]["backends"][0]["state"] == "up")
    assert status_of(admin)["sites"][0]["state"] == "good"
    assert status_of(admin)["sites"][0]["backends"][0]["failures"] >= 1


def test_a_token_opens_what_the_world_can_reach(program, world, site, tmp_path):
    admin = free_port()
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\nthe rest is a comment\n")
    program.run(world.settings(admin=f"*:{admin}", admin_token_file=token), site, [admin])
    for path in PATHS:
        refused = ask(admin, path)
        assert refused.status == 401 and "Basic" in refused.fields["www-authenticate"], path

    def basic(text):
        return "Basic " + base64.b64encode(text.encode()).decode()
    for wrong in ("Bearer", "Bearer x", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, basic(TOKEN), basic("u:"),
                  basic(f"u:{TOKEN}x"), "Basic !!!!", "Basic " + "A" * 8000, f"Digest {TOKEN}"):
        assert ask(admin, "/api/status", Authorization=wrong).status == 401, wrong
    for right in (f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic(f"anybody:{TOKEN}"), basic(f":{TOKEN}")):
        assert ask(admin, "/api/status", Authorization=right).status == 200, right


def test_a_token_that_everybody_can_read_is_told(program, world, site, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o644)
    admin = free_port()
    running = program.run(world.settings(admin=f"127.0.0.1:{admin}", admin_token_file=token), site, [admin])
    running.wait_for_words("every user of this machine can read or write the token of the admin page")
    token.chmod(0o640)
    again = free_port()
    site["mail"]["listen"] = f"127.0.0.1:{free_port()}"
    quiet = program.run(world.settings(admin=f"127.0.0.1:{again}", admin_token_file=token), site, [again])
    quiet.wait_for_words("started")
    assert "the token of the admin page" not in quiet.stderr


@pytest.mark.parametrize("content, why", [("", "less than 16"), ("short\n", "less than 16"),
                                          ("a" * 600, "more than 512"), ("a token with blanks in it\n", "blank"),
                                          (None, "No such file")])
def test_a_token_file_that_is_none_is_told(program, world, site, tmp_path, content, why):
    token = tmp_path / "token"
    if content is not None:
        token.write_text(content)
    path = program.write(world.settings(admin=f"127.0.0.1:{free_port()}", admin_token_file=token), site)
    for more in ([], ["--check-config"]):
        refused = program.command("run", "-c", path, *more)
        assert refused.returncode == 1 and "admin_token_file" in refused.stderr and why in refused.stderr


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: whatever\r\nConnection: close\r\n\r\n"


def over_unix(path: Path, request: bytes = HEALTH) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(path))
        sock.sendall(request)
        answer = b""
        while more := sock.recv(65536):
            answer += more
        return answer


def test_a_unix_socket_is_as_good_as_a_port(program, world, site, tmp_path):
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    running = program.run(world.settings(admin=f"unix:{path}"), site)
    eventually("the socket", lambda: path.exists() and over_unix(path).startswith(b"HTTP/1.1 200"))
    assert path.stat().st_mode & 0o777 == 0o660
    second = program.command("run", "-c", program.write(
        world.settings(admin=f"unix:{path}"), {"mail": {**site["mail"], "listen": f"127.0.0.1:{free_port()}"}}))
    assert second.returncode == 1 and str(path) in second.stderr
    assert over_unix(path).startswith(b"HTTP/1.1 200")
    running.stop()
    assert not path.exists()


def test_a_file_that_is_no_socket_stays(program, world, site, tmp_path):
    path = tmp_path / "precious"
    path.write_text("precious")
    refused = program.command("run", "-c", program.write(world.settings(admin=f"unix:{path}"), site))
    assert refused.returncode == 1 and "precious" in refused.stderr and path.read_text() == "precious"


def test_a_reload_moves_it_and_a_wrong_one_leaves_it(program, world, site, tmp_path):
    first, second = free_port(), free_port()
    running = program.run(world.settings(admin=f"127.0.0.1:{first}"), site, [first])
    path = program.folder / "chainmend-1.ini"
    text = path.read_text()
    path.write_text(text.replace(f"127.0.0.1:{first}", f"unix:{tmp_path}/nowhere/admin.sock"))
    running.signal(signal.SIGHUP)
    running.wait_for_words("make the folder first")
    assert ask(first, "/readyz").text == "ready\n"
    path.write_text(text.replace(f"127.0.0.1:{first}", f"127.0.0.1:{second}"))
    running.signal(signal.SIGHUP)
    eventually("the page at its new place", lambda: connects(second))
    assert ask(second, "/readyz").status == 200 and not connects(first)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    path.write_text(text.replace(f"127.0.0.1:{first}", f"*:{second}\nadmin_token_file = {token}"))
    running.signal(signal.SIGHUP)
    running.wait_for_words("the page is at this port already, by another address; restart chainmend")
    assert ask(second, "/readyz").status == 200
    path.write_text(text.replace(f"127.0.0.1:{first}", f"127.0.0.1:{second}\nadmin_token_file = {token}"))
    running.signal(signal.SIGHUP)
    eventually("the token", lambda: ask(second, "/readyz").status == 401)
    path.write_text(text.replace(f"127.0.0.1:{first}", "off"))
    running.signal(signal.SIGHUP)
    eventually("no page", lambda: not connects(second))


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_while_it_drains_it_is_not_ready_and_still_healthy(program, world, tmp_path):
    from clients import python_pipe
    from tls_servers import Server, silent
    admin, port = free_port(), free_port()
    with Server(silent) as backend:
        running = program.run(
            world.settings(admin=f"127.0.0.1:{admin}", drain_timeout="20s"),
            {"mail": {"listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key,
                      "backend": f"tcp://127.0.0.1:{backend.address[1]}"}}, [admin])
        with python_pipe(port, NAME, world.roots) as pipe:
            pipe.send(b"x")
            running.signal(signal.SIGTERM)
            eventually("draining", lambda: ask(admin, "/readyz").status == 503)
            assert ask(admin, "/healthz").status == 200
            assert status_of(admin)["program"]["state"] == "draining"


def test_counts_outlive_a_reload(program, world, site):
    admin = free_port()
    site["mail"]["certificate"] = world.complete
    running = program.run(world.settings(admin=f"127.0.0.1:{admin}"), site, [admin])
    port = int(site["mail"]["listen"].rsplit(":", 1)[1])

    def done():
        return status_of(admin)["sites"][0]["totals"]["handshakes"]
    s_client(port, NAME, world.roots)
    eventually("one handshake", lambda: done() == 1)
    running.signal(signal.SIGHUP)
    running.wait_for_words("done, 1 site")
    s_client(port, NAME, world.roots)
    eventually("the second one", lambda: done() == 2)


def test_no_answer_has_anything_secret(program, tmp_path, aia):
    """Keys as PEM, as DER, as the numbers in them; passwords; the token; the tickets' keys."""
    from cryptography.hazmat.primitives import serialization
    admin = free_port()
    with ShopWindow(tmp_path, aia) as window:
        password = tmp_path / "password"
        password.write_text("correct horse battery staple\n")
        token = tmp_path / "token"
        token.write_text(TOKEN)
        tickets = tmp_path / "tickets"
        tickets.write_bytes(bytes(range(107, 187)))
        sites = window.sites()
        key = serialization.load_pem_private_key((tmp_path / "mail.key").read_bytes(), None)
        (tmp_path / "mail.key").write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"correct horse battery staple")))
        sites["mail"]["key_password_file"] = password
        program.run(window.settings(admin=f"127.0.0.1:{admin}", admin_token_file=token, ticket_keys=tickets), sites,
                    [admin])
        window.wait_mended()
        window.visit("mail")
        window.reject("legacy")
        secrets = [b"PRIVATE", b"correct horse", TOKEN.encode()]
        secrets += [form(tickets.read_bytes()[at:at + 16]) for at in (0, 16, 48)
                    for form in (bytes, base64.b64encode, lambda part: part.hex().encode())]
        for text in window.key_texts:
            one = serialization.load_pem_private_key(text.encode(), None)
            number = one.private_numbers().private_value
            secrets += [line.encode() for line in text.splitlines()[1:-1]]
            secrets += [number.to_bytes(32, "big"), b"%x" % number, b"%X" % number, b"%d" % number,
                        base64.b64encode(number.to_bytes(32, "big"))]
        for path in PATHS:
            for fields in ({"Authorization": f"Bearer {TOKEN}"}, {}, {"Authorization": "Bearer wrong"},
                           {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}):
                answer = ask(admin, path, **fields)
                said = answer.body + repr(answer.fields).encode()
                assert [secret for secret in secrets if secret in said] == [], path
