"""wire - one end of a connection: a socket that never blocks, with or without TLS, which sends once a step."""

from __future__ import annotations

import contextlib
import socket
import ssl

CHUNK_BYTES = 65536


class Wire:
    """Plain where `context` is None. Nothing is sent before flush()."""

    def __init__(self, own: socket.socket, context: ssl.SSLContext | None = None, server_side: bool = False,
                 name: str | None = None, session: ssl.SSLSession | None = None) -> None:
        own.setblocking(False)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = own
        self.acknowledge()
        self.ended = False  # the other end is at its end: close_notify, or FIN
        self._unsent = b""
        self._read = b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = None if context is None else context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=name, session=session)

    def receive(self) -> None:
        """Takes what the socket has."""
        with contextlib.suppress(BlockingIOError):
            while True:
                got = self.socket.recv(CHUNK_BYTES)
                if not got:
                    self.ended = True
                    return
                if self.tls is None:
                    self._read += got
                else:
                    self._incoming.write(got)

    def shakes_hands(self) -> bool:
        """True while the handshake is not done."""
        if self.tls is None:
            return False
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
            return False
        return True

    def read(self) -> bytes:
        if self.tls is None:
            got, self._read = self._read, b""
            return got
        try:
            return self.tls.read(CHUNK_BYTES)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            self.ended = True
            return b""

    def write(self, data: bytes) -> None:
        if self.tls is None:
            self._unsent += data
        else:
            self.tls.write(data)

    def notify_end(self) -> None:
        """close_notify, where there is TLS."""
        if self.tls is not None:
            with contextlib.suppress(ssl.SSLWantReadError):
                self.tls.unwrap()

    def flush(self) -> bool:
        """Sends all in one piece, which is always less than a socket takes. True where there was something."""
        data = self._unsent + self._outgoing.read()
        self._unsent = b""
        if data:
            self.socket.sendall(data)
        self.acknowledge()
        return bool(data)

    def acknowledge(self) -> None:
        """Has the kernel acknowledge at once what comes next. It would wait for bytes to go with it, 40 ms at the most,
        and the end of that time would wake chainmend once more on a slow machine. The kernel forgets it soon."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def close(self) -> None:
        self.socket.close()
