"""shop_window - a configuration that shows every state of the admin page: one site mended, one good, one that only
reports, one broken; with a browser's client and one that refuses, so that there is something to count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aia_server import AiaServer, body
from clients import curl, python_pipe, served_chain
from pki import Authority, chain_pem
from program import eventually, free_port
from tls_servers import Server, TlsServer, http_answer

# A subject that may break a page: markup, a script, quotes.
HOSTILE = "<img src=x onerror=alert(1)>\"'&<script>document.title='broken in'</script>"


class ShopWindow:
    def __init__(self, folder: Path, aia: AiaServer, private_name: str = HOSTILE) -> None:
        self.folder = folder
        root = Authority.root("Northwind Root CA")
        issuing = root.issue_authority("Northwind Issuing CA 3")
        aia.route("/issuing.cer", body(issuing.der))
        url = [aia.url("/issuing.cer")]
        self.roots, _ = root.write(folder, "root")
        self.strangers, _ = Authority.root("Another Root CA").write(folder, "another")
        mail = issuing.issue_leaf(["mail.northwind.test", "*.mail.northwind.test"], aia=url)
        shop = issuing.issue_leaf(["shop.northwind.test"], aia=url)
        archive = issuing.issue_leaf(["archive.northwind.test"], aia=url)
        self.private = Authority.root(private_name)
        legacy = self.private.issue_leaf(["legacy.northwind.test"], common_name="legacy " + private_name)
        for stem, chain in {"mail": [mail], "shop": [shop, issuing], "archive": [archive],
                            "legacy": [legacy, self.private]}.items():
            (folder / f"{stem}.pem").write_text(chain_pem(*chain))
        for stem, leaf in {"mail": mail, "shop": shop, "archive": archive, "legacy": legacy}.items():
            (folder / f"{stem}.key").write_text(leaf.key_pem)
        self.key_texts = [leaf.key_pem for leaf in (mail, shop, archive, legacy)]
        self.backend = TlsServer(folder / "mail.pem", folder / "mail.key", http_answer())
        self.plain = Server(http_answer())
        self.ports = {name: free_port() for name in ("mail", "shop", "archive", "legacy")}
        self.dead_port = free_port()

    def __enter__(self) -> ShopWindow:
        self.backend.__enter__()
        self.plain.__enter__()
        return self

    def __exit__(self, *what: Any) -> None:
        self.plain.__exit__(*what)
        self.backend.__exit__(*what)

    def settings(self, **more: object) -> dict[str, object]:
        return {"roots": f"browsers={self.roots}", "cache": self.folder / "cache", "workers": 2,
                "fix_log": self.folder / "fixes.jsonl", "fetch_allow": "127.0.0.1", **more}

    def sites(self) -> dict[str, dict[str, object]]:
        def site(name: str, **more: object) -> dict[str, object]:
            return {"listen": f"127.0.0.1:{self.ports[name]}", "certificate": self.folder / f"{name}.pem",
                    "key": self.folder / f"{name}.key", "backend": f"tcp://127.0.0.1:{self.plain.address[1]}", **more}
        return {
            "mail": site("mail", hostnames="mail.northwind.test, eu.mail.northwind.test",
                         backend=f"tls://127.0.0.1:{self.backend.address[1]}", backend_name="mail.northwind.test"),
            "shop": site("shop", hostnames="shop.northwind.test",
                         backend=[f"tcp://127.0.0.1:{self.plain.address[1]}", f"tcp://127.0.0.1:{self.dead_port}"]),
            "archive": site("archive", hostnames="archive.northwind.test", mode="report"),
            "legacy": site("legacy", hostnames="legacy.northwind.test, old.northwind.test"),
        }

    def wait_mended(self) -> None:
        """Waits until the mended chain is served: the fix log names it a moment earlier."""
        eventually("the mended chain", lambda: len(served_chain(self.ports["mail"], "mail.northwind.test")) == 2)

    def visit(self, name: str) -> None:
        """A client that is content: one request, one answer."""
        with python_pipe(self.ports[name], f"{name}.northwind.test", self.roots) as pipe:
            pipe.send(b"GET / HTTP/1.0\r\n\r\n")
            pipe.receive_all()

    def reject(self, name: str) -> None:
        """A client with other roots: it ends the handshake with unknown_ca."""
        assert not curl(self.ports[name], f"{name}.northwind.test", self.strangers).ok
