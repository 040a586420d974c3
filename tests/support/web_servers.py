"""web_servers - nginx and Apache's httpd with TLS, started for one test on a free loopback port.

Both answer `/` with "NAME PROTOCOL": the name of the virtual host, and the HTTP version that was spoken.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator, Sequence

from child_server import running
from debian_servers import find
from program import free_port


class Nginx:
    """One server, which speaks HTTP/2 or not."""

    def __init__(self, folder: Path, chain: Path, key: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self._folder, self._chain, self._key = folder, chain, key

    @contextlib.contextmanager
    def speaking(self, *, http2: bool) -> Iterator[None]:
        settings = self._folder / "nginx.conf"
        settings.write_text(f"""
daemon off;
worker_processes 1;
pid {self._folder}/nginx.pid;
error_log {self._folder}/nginx-error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {self._folder}/body;
    proxy_temp_path {self._folder}/proxy;
    fastcgi_temp_path {self._folder}/fastcgi;
    uwsgi_temp_path {self._folder}/uwsgi;
    scgi_temp_path {self._folder}/scgi;
    server {{
        listen 127.0.0.1:{self.port} ssl{" http2" if http2 else ""};
        ssl_certificate {self._chain};
        ssl_certificate_key {self._key};
        location / {{ return 200 "nginx $server_protocol\\n"; }}
    }}
}}
""")
        command = [*find("nginx", "nginx-light"), "-p", str(self._folder), "-e",
                   f"{self._folder}/nginx-error.log", "-c",
                   str(settings)]
        with running(command, self.port, self._folder / "nginx.out"):
            yield


@contextlib.contextmanager
def apache(folder: Path, hosts: Sequence[tuple[str, Path, Path]]) -> Iterator[int]:
    """Name-based virtual hosts: (name, chain, key). Yields the port."""
    port = free_port()
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "authz_core", "socache_shmcb", "ssl", "headers", "rewrite"))
    virtual = ""
    for name, chain, key in hosts:
        virtual += f"""
<VirtualHost 127.0.0.1:{port}>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile {chain}
    SSLCertificateKeyFile {key}
    RewriteEngine on
    RewriteRule .* - [R=200,L]
    ErrorDocument 200 "{name}"
</VirtualHost>
"""
    settings = folder / "apache.conf"
    settings.write_text(f"""{modules}
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
Mutex file:{folder}
ErrorLog {folder}/apache-error.log
Listen 127.0.0.1:{port}
<Directory />
    Require all granted
</Directory>
{virtual}""")
    with running([*find("apache2", "apache2-bin"), "-D", "FOREGROUND", "-f", str(settings)], port,
                 folder / "apache.out"):
        yield port
