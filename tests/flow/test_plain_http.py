"""Plain HTTP on a TLS port, of any site, gets 400 with the https address in it, and nothing of what the client sent."""

from __future__ import annotations

import socket
import time

import pytest
from conftest import NAME
from http_messages import Reader
from program import free_port
from tls_servers import Server, echo

SENTENCE = b"This is a port for https, and the request came by http."


@pytest.fixture(params=["tcp", "http"])
def serve(request, program, world):
    port = free_port()
    with Server(echo) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key, "hostnames": NAME,
            "backend": f"tcp://127.0.0.1:{backend.port}", "protocol": request.param}})
        yield running, port


def talk(port: int, *pieces: bytes) -> bytes:
    """Sends the pieces one after another, and reads to the end, which is a FIN."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, piece in enumerate(pieces):
            if number > 0:
                time.sleep(0.1)  # so that they come with two reads; with one, less is tested
            client.sendall(piece)
        data = b""
        while more := client.recv(65536):
            data += more
        return data


def answer_of(data: bytes, method: str = "GET"):
    """The answer that the bytes are, and nothing behind it."""
    rest = [data]
    reader = Reader(lambda _: rest.pop() if rest else b"")
    message = reader.answer(method)
    assert reader.pending == b"", data
    return message


def with_host(host: bytes, line: bytes = b"GET /secret?q=1 HTTP/1.1") -> bytes:
    return line + b"\r\nHost: " + host + b"\r\nCookie: token\r\n\r\n"


@pytest.mark.parametrize("line", [
    b"GET /secret HTTP/1.1", b"POST /secret HTTP/1.1", b"OPTIONS * HTTP/1.1", b"RPC_IN_DATA /rpc/rpcproxy.dll HTTP/1.1",
    b"GET /secret HTTP/1.0", b"GET http://mail.contoso.test/secret HTTP/1.1"])
@pytest.mark.parametrize("host", [NAME.encode(), NAME.upper().encode(), NAME.encode() + b":80"])
def test_a_host_of_the_site_gets_its_address(serve, line, host):
    running, port = serve
    got = answer_of(talk(port, with_host(host, line)))
    assert (got.status, got.get("connection")) == (400, "close")
    assert got.get("content-type").startswith("text/plain")
    assert SENTENCE in got.body
    assert f"https://{NAME}:{port}/\n".encode() in got.body
    running.wait_for_words("clients send something other than TLS: ")
    running.wait_for_words("plain HTTP (clients have to use https://)")


@pytest.mark.parametrize("request_bytes", [
    with_host(b"elsewhere.test"), with_host(b"192.0.2.7"), with_host(b"[2001:db8::7]:80"),
    with_host(b'mail.contoso.test"><script>alert(1)</script>'), with_host(b"mail.contoso.test\x00.evil"),
    with_host(b"mail.contoso.test/../secret"), with_host(b"user@mail.contoso.test"), with_host(b"a" * 3000),
    with_host(b"mail.contoso.test\xff"), with_host(b""), b"GET /secret HTTP/1.0\r\n\r\n", b"GET /secret",
    b"GET /\r\nHost : mail.contoso.test\r\n\r\n"])
def test_what_is_no_host_of_the_site_is_not_repeated(serve, request_bytes):
    got = answer_of(talk(serve[1], request_bytes))
    assert got.status == 400
    assert got.body == b"400 Bad Request\n\n" + SENTENCE + b" Write https:// in the address.\n"
    for name, value in got.fields:
        assert "secret" not in value and "contoso" not in value, (name, value)


def test_head_gets_no_body(serve):
    data = talk(serve[1], with_host(NAME.encode(), b"HEAD / HTTP/1.1"))
    assert data.startswith(b"HTTP/1.1 400 ")
    assert data.endswith(b"\r\n\r\n")
    assert data.count(b"\r\n\r\n") == 1


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 6])
def test_a_request_in_pieces_is_known(serve, cut):
    data = with_host(NAME.encode())
    assert answer_of(talk(serve[1], data[:cut], data[cut:])).status == 400


def test_the_answer_comes_before_a_body_that_nobody_reads(serve):
    data = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n" + b"x" * 400000
    assert answer_of(talk(serve[1], data)).status == 400


@pytest.mark.parametrize("data", [
    b"get / http/1.1\r\nhost: mail.contoso.test\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"EHLO client.test\r\n",
    b"\x00\x01\x02\x03\x04\x05\x06\x07", b"GET\t/ HTTP/1.1\r\n\r\n"])
def test_other_rubbish_gets_no_answer_in_plain_text(serve, data):
    assert b"HTTP" not in talk(serve[1], data)
