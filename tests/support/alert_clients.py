"""alert_clients - clients that dislike a certificate, each in its own way: at once, late, or without a word.

The late one is a GnuTLS program that looks at the certificate when the handshake is done, as many do, and then sends
its alert (gnutls_alert_send).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import socket
import ssl
from pathlib import Path

WAIT_S = 30.0
GNUTLS_CLIENT = 1 << 1
GNUTLS_CRD_CERTIFICATE = 1
GNUTLS_NAME_DNS = 1
GNUTLS_AL_FATAL = 2


def connect(port: int, source: str | None = None) -> socket.socket:
    """`source` is the loopback address that the connection comes from."""
    return socket.create_connection(("127.0.0.1", port), WAIT_S, (source, 0) if source else None)


def shakes(port: int, name: str, roots: Path, source: str | None = None) -> bool:
    """One handshake by Python's ssl; False: it refused the certificate, and said so by an alert."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(roots)
    with connect(port, source) as sock:
        try:
            with context.wrap_socket(sock, server_hostname=name, suppress_ragged_eofs=True):
                return True
        except ssl.SSLCertVerificationError:
            return False


def client_hello(name: str) -> bytes:
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def vanish(port: int, name: str, *, after_flight: bool = True) -> None:
    """Says hello, and goes: when the server's flight has begun to come, or at once with half a hello."""
    hello = client_hello(name)
    with connect(port) as sock:
        if after_flight:
            sock.sendall(hello)
            sock.recv(65536)
        else:
            sock.sendall(hello[:20])


class LateClient:
    """Completes a handshake by GnuTLS without a look at the certificate; then sends the alert with this number."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("gnutls")
        assert name, "GnuTLS is not there: scripts/install-deps.sh installs it with gnutls-bin"
        self._gnutls = ctypes.CDLL(name)
        self._gnutls.gnutls_strerror.restype = ctypes.c_char_p

    def _check(self, status: int) -> None:
        assert status >= 0, self._gnutls.gnutls_strerror(status).decode()

    def reject(self, port: int, name: str, alert: int) -> None:
        gnutls = self._gnutls
        session, credentials = ctypes.c_void_p(), ctypes.c_void_p()
        with connect(port) as sock:
            sock.settimeout(None)  # GnuTLS wants a socket that blocks
            self._check(gnutls.gnutls_certificate_allocate_credentials(ctypes.byref(credentials)))
            self._check(gnutls.gnutls_init(ctypes.byref(session), GNUTLS_CLIENT))
            try:
                self._check(gnutls.gnutls_set_default_priority(session))
                self._check(gnutls.gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials))
                host = name.encode()
                self._check(gnutls.gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, ctypes.c_size_t(len(host))))
                gnutls.gnutls_transport_set_int2(session, sock.fileno(), sock.fileno())
                self._check(gnutls.gnutls_handshake(session))
                self._check(gnutls.gnutls_alert_send(session, GNUTLS_AL_FATAL, alert))
            finally:
                gnutls.gnutls_deinit(session)
                gnutls.gnutls_certificate_free_credentials(credentials)
