"""clients - real TLS clients, each told in one call what to trust and whom to ask for."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pki import sha256_of_pem_chain
from tls_servers import Pipe

WAIT_S = 60


@dataclass
class Answer:
    status: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    def __str__(self) -> str:
        return f"status {self.status}\n{self.stdout}\n{self.stderr}"


def _run(*command: object, stdin: str = "") -> Answer:
    result = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True,
                            errors="replace", timeout=WAIT_S, check=False)
    return Answer(result.returncode, result.stdout, result.stderr)


def curl(port: int, name: str, roots: Path, *more: object) -> Answer:
    return _run("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--cacert", roots,
                "--resolve", f"{name}:{port}:127.0.0.1", *more, f"https://{name}:{port}/")


def s_client(port: int, name: str, roots: Path, *more: object, host: str = "127.0.0.1", stdin: str = "") -> Answer:
    return _run("openssl", "s_client", "-connect", f"{host}:{port}", "-servername", name, "-verify_hostname", name,
                "-CAfile", roots, "-no-CApath", "-verify_return_error", "-showcerts", *more, stdin=stdin)


def gnutls_cli(port: int, name: str, roots: Path) -> Answer:
    return _run("gnutls-cli", "--x509cafile", roots, "--sni-hostname", name, "--verify-hostname", name,
                "--port", port, "127.0.0.1")


def python_context(roots: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(roots)
    return context


def python_pipe(port: int, name: str | None, roots: Path, host: str = "127.0.0.1") -> Pipe:
    """No `name`: a client without SNI, which any name of the certificate suits."""
    context = python_context(roots)
    context.check_hostname = name is not None
    return Pipe.tls_client((host, port), context, name)


def served_chain(port: int, name: str | None, *more: object) -> list[str]:
    """The SHA-256 of each certificate that is sent, in the order in which it is sent; [] when there is no handshake."""
    servername = ["-servername", name] if name else ["-noservername"]
    answer = _run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *servername, "-showcerts", *more)
    return sha256_of_pem_chain(answer.stdout)


JAVA_CLIENT = """
import java.io.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

public class Client {
    public static void main(String[] args) throws Exception {
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        try (InputStream in = new FileInputStream(args[2])) {
            roots.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(roots);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        java.net.Socket plain = new java.net.Socket("127.0.0.1", Integer.parseInt(args[0]));
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, args[1], plain.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        System.out.println("handshake done by " + socket.getSession().getProtocol());
        socket.close();
    }
}
"""


def has_java() -> bool:
    return shutil.which("java") is not None and shutil.which("javac") is not None


def java(folder: Path, port: int, name: str, roots: Path) -> Answer:
    source = folder / "Client.java"
    source.write_text(JAVA_CLIENT)
    return _run("java", "-Djava.security.egd=file:/dev/urandom", source, port, name, roots)
