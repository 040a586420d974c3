"""A thousand handshakes while the chain is mended underneath them: none is lost."""

import itertools
import ssl
import threading
import time

from aia_server import after, body
from conftest import NAME
from program import eventually, free_port
from clients import served_chain
from tls_servers import Pipe, Server, echo

HANDSHAKES = 1000
CLIENTS = 8


def test_a_thousand_handshakes_with_the_chain_mended_meanwhile(program, world, capsys):
    port, release = free_port(), threading.Event()
    world.aia.route(world.path, after(release, body(world.issuing.der)))
    # The clients judge nothing: before and after the mend, each handshake must succeed.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    tickets = itertools.count()
    lost: list[str] = []
    chain_lengths: list[int] = []
    times_s: list[float] = []

    def client():
        while (number := next(tickets)) < HANDSHAKES:
            if number == HANDSHAKES // 2:
                release.set()  # the authority answers in the midst of it
            begun = time.monotonic()
            try:
                with Pipe.tls_client(("127.0.0.1", port), context, NAME) as pipe:
                    chain_lengths.append(len(pipe.tls._sslobj.get_unverified_chain()))
                    data = number.to_bytes(4, "big")
                    pipe.send(data)
                    if pipe.receive_exactly(4) != data:
                        lost.append(f"{number}: another answer")
            except OSError as why:
                lost.append(f"{number}: {why}")
            times_s.append(time.monotonic() - begun)

    with Server(echo) as backend:
        running = program.run(world.settings(), {"mail": {
            "listen": f"127.0.0.1:{port}", "certificate": world.leaf_alone, "key": world.key,
            "backend": f"tcp://127.0.0.1:{backend.port}"}})
        begun = time.monotonic()
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        taken_s = time.monotonic() - begun
        eventually("the chain is mended", lambda: served_chain(port, NAME) == world.mended, also=running.report)

    assert not lost, (lost[:5], running.report())
    assert len(chain_lengths) == HANDSHAKES
    assert chain_lengths[0] == 1, "the handshakes began before the chain was mended"
    assert set(chain_lengths) <= {1, 2}
    times_s.sort()
    with capsys.disabled():
        print(f"\n   {HANDSHAKES} handshakes by {CLIENTS} clients in {taken_s:.1f} s, none lost: "
              f"{chain_lengths.count(1)} with the leaf alone, {chain_lengths.count(2)} with the mended chain; "
              f"median {1000 * times_s[HANDSHAKES // 2]:.1f} ms, "
              f"99th of 100 {1000 * times_s[HANDSHAKES * 99 // 100]:.1f} ms")
