"""WebSocket by a library on either side: messages of every size, pings, and both closing handshakes.

Source: RFC 6455 4 (handshake), 5.5 (close, ping and pong), 7.1 (the connection ends behind the closing handshake).
"""

import asyncio
import ssl

import pytest
from clients import python_context
from http_servers import NAME
from program import eventually, free_port

websockets = pytest.importorskip("websockets", reason="python3-websockets is not installed")
from websockets_peers import EchoServer, talk  # noqa: E402  (it needs the library)


@pytest.fixture(params=["tcp", "tls"])
def server(request, world):
    tls = None
    if request.param == "tls":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(world.complete, world.key)
    with EchoServer(tls) as made:
        yield made


@pytest.fixture
def site(program, world, server):
    """Runs chainmend before the server; returns what opens a connection through it."""
    def start(**keys):
        port = free_port()
        name = {"backend_name": NAME} if server.scheme == "tls" else {}
        program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.complete, "key": world.key, "backend": server.url,
            "protocol": "http", **name, **keys}})
        return lambda what: talk(port, NAME, python_context(world.roots), what)
    return start


def test_messages_go_both_ways(site, server):
    async def chat(connection):
        for message in ("text", "\u00e4\u20ac\U0001f600", b"\x00\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"", "x" * 65536,
                        bytes(range(256)) * 32768):
            await connection.send(message)
            assert await connection.recv() == message
    site()(chat)
    assert server.paths == ["/chat?room=1"]


def test_messages_go_both_ways_at_once(site):
    async def chat(connection):
        messages = [bytes([number]) * 100_000 for number in range(50)]

        async def send_all():
            for message in messages:
                await connection.send(message)
        sending = asyncio.create_task(send_all())
        assert [await connection.recv() for _ in messages] == messages
        await sending
    site()(chat)


def test_a_ping_gets_its_pong(site):
    async def ping(connection):
        for number in range(5):
            await asyncio.wait_for(await connection.ping(b"%d" % number), 30)
    site()(ping)


def test_either_side_closes_with_its_reason(site, server):
    connect = site()

    async def close(connection):
        await connection.close(4000, "enough")
        return connection.close_code

    async def ask_for_close(connection):
        await connection.send("close")
        with pytest.raises(websockets.ConnectionClosed):
            await connection.recv()
        return connection.close_code, connection.close_reason
    assert connect(close) == 4000
    eventually("the server's end", lambda: server.codes == [4000])
    assert connect(ask_for_close) == (4001, "as asked")


def test_no_limit_of_http_ends_a_tunnel(site):
    """It has idle_timeout alone."""
    async def wait(connection):
        for _ in range(2):
            await asyncio.sleep(1)
            await connection.send("still here")
            assert await connection.recv() == "still here"
    site(head_timeout="200ms", body_timeout="200ms", response_timeout="200ms", keepalive_timeout="200ms",
         max_head_bytes="1k", max_body_bytes="1k")(wait)


def test_upgrade_off_is_a_plain_answer(site, server):
    async def never(connection):
        raise AssertionError("there is no tunnel")
    with pytest.raises(websockets.InvalidStatusCode) as refusal:
        site(upgrade="off")(never)
    assert refusal.value.status_code == 426, "the server's own, which got a plain GET"
    assert server.paths == []
