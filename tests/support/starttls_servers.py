"""starttls_servers - servers that begin in plain text and go over to TLS, in five protocols, rightly or wrongly.

    with StartTlsServer("smtp", chain, key) as server: ...
    with StartTlsServer("imap", chain, key, manner="refuses") as server: ...

`openssl s_client -starttls` takes what the right ones say (test_starttls.py sees to that).
"""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Callable

from tls_servers import Pipe, Talk, TlsServer, echo

PROTOCOLS = ("smtp", "imap", "pop3", "ldap", "xmpp")
# How a server behaves: well; it offers no TLS; offers and refuses it; sends bytes behind its go-ahead; is silent; cuts.
MANNERS = ("good", "lacks", "refuses", "injects", "silent", "cuts")

START_TLS_OID = b"1.3.6.1.4.1.1466.20037"
MAX_BYTES = 16384


class Refused(OSError):
    """The plain text did not lead to TLS: the connection is closed."""


class Plain:
    """A connection before TLS: read byte by byte, so that nothing of TLS is taken along."""

    def __init__(self, sock: socket.socket, manner: str) -> None:
        self.sock = sock
        self.manner = manner

    def say(self, text: str | bytes) -> None:
        self.sock.sendall(text.encode() if isinstance(text, str) else text)

    def read_until(self, end: bytes) -> bytes:
        data = b""
        while not data.endswith(end):
            byte = self.sock.recv(1)
            if not byte or len(data) > MAX_BYTES:
                raise Refused(f"ended after {data!r}")
            data += byte
        return data

    def read(self, num_bytes: int) -> bytes:
        data = b""
        while len(data) < num_bytes:
            part = self.sock.recv(num_bytes - len(data))
            if not part:
                raise Refused(f"ended after {data!r}")
            data += part
        return data

    def line(self) -> str:
        return self.read_until(b"\n").decode("latin-1").strip()

    def offers(self, text: str) -> str:
        return "" if self.manner == "lacks" else text

    def answer(self, good: str | bytes, bad: str | bytes, more: str) -> None:
        """To the wish for TLS."""
        if self.manner == "refuses":
            self.say(bad)
            raise Refused("as it was told to")
        if self.manner == "cuts":
            raise Refused("as it was told to")
        good = good.encode() if isinstance(good, str) else good
        self.say(good + (more.encode() if self.manner == "injects" else b""))


def smtp(plain: Plain) -> None:
    plain.say("220-mail.contoso.test\r\n220 ESMTP ready\r\n")
    while True:
        words = plain.line().split()
        if words[0].upper() == "EHLO" and len(words) == 2:
            plain.say("250-mail.contoso.test\r\n250-SIZE 1000\r\n" + plain.offers("250-STARTTLS\r\n")
                      + "250 8BITMIME\r\n")
        elif words == ["STARTTLS"]:
            plain.answer("220 2.0.0 Ready to start TLS\r\n", "454 4.7.0 TLS is not available\r\n", "250 more\r\n")
            return
        else:
            plain.say("500 5.5.1 What?\r\n")


def imap(plain: Plain) -> None:
    plain.say("* OK IMAP4rev1 ready\r\n")
    while True:
        tag, command = plain.line().split(" ", 1)
        if command.upper() == "CAPABILITY":
            plain.say("* CAPABILITY IMAP4rev1" + plain.offers(" STARTTLS") + f" LOGINDISABLED\r\n{tag} OK done\r\n")
        elif command.upper() == "STARTTLS":
            plain.answer(f"{tag} OK Begin TLS negotiation now\r\n", f"{tag} NO not now\r\n", "* OK more\r\n")
            return
        else:
            plain.say(f"{tag} BAD what?\r\n")


def pop3(plain: Plain) -> None:
    plain.say("+OK POP3 ready\r\n")
    while True:
        command = plain.line().upper()
        if command == "CAPA":
            plain.say("+OK\r\nTOP\r\n" + plain.offers("STLS\r\n") + "UIDL\r\n.\r\n")
        elif command == "STLS":
            plain.answer("+OK Begin TLS negotiation\r\n", "-ERR not now\r\n", "+OK more\r\n")
            return
        else:
            plain.say("-ERR what?\r\n")


def _der(tag: int, content: bytes) -> bytes:
    assert len(content) < 0x80
    return bytes([tag, len(content)]) + content


def _ldap_answer(message_id: int, result: int, words: bytes) -> bytes:
    response = _der(0x0A, bytes([result])) + _der(0x04, b"") + _der(0x04, words) + _der(0x8A, START_TLS_OID)
    return _der(0x30, _der(0x02, bytes([message_id])) + _der(0x78, response))


def ldap(plain: Plain) -> None:
    head = plain.read(2)
    message = plain.read(head[1])
    assert head[0] == 0x30 and message[:2] == b"\x02\x01" and message[3] == 0x77, (head, message)
    assert message[5:] == _der(0x80, START_TLS_OID), message
    if plain.manner == "lacks":
        plain.say(_ldap_answer(message[2], 2, b"unsupported extended operation"))
        raise Refused("as it was told to")
    plain.answer(_ldap_answer(message[2], 0, b""), _ldap_answer(message[2], 52, b"no TLS today"), "0\x00")


def xmpp(plain: Plain) -> None:
    header = b""
    while b"<stream:stream" not in header:
        header = plain.read_until(b">").strip()
    asked = re.search(rb"to=['\"]([^'\"]*)['\"]", header)
    assert asked and b"version='1.0'" in header.replace(b'"', b"'"), header
    plain.say("<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' version='1.0' "
              f"xmlns:stream='http://etherx.jabber.org/streams' from='{asked[1].decode()}'>")
    plain.say("<stream:features>" + plain.offers("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
              + "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>")
    wish = plain.read_until(b">").replace(b'"', b"'")
    assert wish.startswith(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'"), wish
    plain.answer("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                 "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>", "<more/>")


_DIALOGUES: dict[str, Callable[[Plain], None]] = {"smtp": smtp, "imap": imap, "pop3": pop3, "ldap": ldap,
                                                  "xmpp": xmpp}


class StartTlsServer(TlsServer):
    def __init__(self, protocol: str, chain: Path, key: Path, talk: Talk = echo, *, manner: str = "good",
                 **more: object) -> None:
        super().__init__(chain, key, talk, **more)  # type: ignore[arg-type]
        self.protocol = protocol
        self.manner = manner

    def _open(self, sock: socket.socket) -> Pipe:
        plain = Plain(sock, self.manner)
        sock.settimeout(30)
        if self.manner == "silent":
            plain.read_until(b"there is nothing that could end this")
        _DIALOGUES[self.protocol](plain)
        return super()._open(sock)
