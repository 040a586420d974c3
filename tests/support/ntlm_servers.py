"""ntlm_servers - a backend that binds a login to its connection, as IIS does with NTLM, and the client's part.

MS-NTHT 1: NTLM over HTTP is as RFC 4559 has Negotiate, with NTLM's own messages. RFC 4559 6: a proxy must not
share a connection that is logged in between clients.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

import ntlm
from http_messages import Message
from http_servers import NAME, HttpBackend, HttpClient, Visit, answer

USERS = {"anna": "Sommer1", "bert": "Winter2"}


@dataclass
class Login:
    """Of one connection."""

    nonce: bytes = b""
    user: str = ""
    answered: bool = False  # the request's head has got its final answer already


class NtlmBackend(HttpBackend):
    """Answers who asks, on a connection that is logged in; 401 on others. It answers Expect before the body."""

    def __init__(self, tls: tuple[Path, Path] | None = None, schemes: tuple[str, ...] = ("Negotiate", "NTLM")) -> None:
        super().__init__(self._answer, tls)
        self.schemes = schemes
        self.num_challenges = 0
        self._logins: dict[int, Login] = {}

    def login(self, visit: Visit) -> Login:
        return self._logins.setdefault(id(visit), Login())

    def _refusal(self, *challenges: str) -> bytes:
        return answer(b"who are you?", "401 Unauthorized",
                      *(f"WWW-Authenticate: {challenge}" for challenge in challenges or self.schemes))

    def _judge(self, login: Login, head: Message) -> bytes | None:
        """The refusal, or None where the connection is logged in."""
        field = head.get("authorization")
        if field is None:
            return None if login.user else self._refusal()
        scheme, _, token = field.partition(" ")
        message = base64.b64decode(token)
        if ntlm.message_type(message) == 1:
            login.user, login.nonce = "", os.urandom(8)
            self.num_challenges += 1
            return self._refusal(f"{scheme} {base64.b64encode(ntlm.challenge(login.nonce)).decode()}")
        claim, nonce, login.nonce = ntlm.read_claim(message), login.nonce, b""
        if not nonce or not claim.proves(nonce, USERS.get(claim.user, "")):
            return self._refusal()
        login.user = claim.user
        return None

    def on_head(self, visit: Visit, head: Message) -> None:
        login = self.login(visit)
        refusal = self._judge(login, head)
        login.answered = refusal is not None
        if refusal is not None:
            visit.pipe.send(refusal)
        elif head.get("expect"):
            visit.pipe.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answer(self, visit: Visit, request: Message) -> bytes:
        login = self.login(visit)
        return b"" if login.answered else answer(f"{login.user} {request.method} {len(request.body)}".encode())


class NtlmClient:
    """Logs one connection in, in three legs."""

    def __init__(self, client: HttpClient, user: str, scheme: str = "NTLM") -> None:
        self.client = client
        self.user = user
        self.scheme = scheme

    def ask(self, method: str = "GET", body: bytes = b"", *fields: str) -> Message:
        self.client.send(self.head(method, len(body), *fields).encode() + body)
        return self.client.reader.final_answer(method)

    def head(self, method: str, length: int, *fields: str) -> str:
        framing = [] if method == "GET" else [f"Content-Length: {length}"]
        return "\r\n".join([f"{method} / HTTP/1.1", f"Host: {NAME}", *framing, *fields]) + "\r\n\r\n"

    def authorization(self, token: bytes) -> str:
        return f"Authorization: {self.scheme} {base64.b64encode(token).decode()}"

    def first(self) -> str:
        return self.authorization(ntlm.negotiate())

    def second(self, refusal: Message) -> str:
        """The field that answers the challenge in `refusal`."""
        assert refusal.status == 401
        scheme, _, token = (refusal.get("www-authenticate") or "").partition(" ")
        assert scheme == self.scheme
        return self.authorization(ntlm.authenticate(base64.b64decode(token), self.user, USERS[self.user]))

    def log_in(self, method: str = "GET", body: bytes = b"") -> Message:
        """All legs; those before the last have a body of Content-Length 0."""
        assert self.ask(method).status == 401
        return self.ask(method, body, self.second(self.ask(method, b"", self.first())))
