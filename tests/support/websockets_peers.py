"""websockets_peers - a WebSocket server and a client of python3-websockets, each in a thread of its own.

The server says back what it is sent; `close` has it close the connection.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Awaitable, Callable

import websockets

WAIT_S = 60
MAX_BYTES = 64 * 1024 * 1024


class EchoServer:
    """`tls`: of a server context, or None."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.scheme = "tls" if tls else "tcp"
        self.paths: list[str] = []
        self.codes: list[int | None] = []  # that its connections ended with
        self._tls = tls
        self._port: Future[int] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    async def _echo(self, connection: Any) -> None:
        self.paths.append(connection.path)
        try:
            async for message in connection:
                if message == "close":
                    await connection.close(4001, "as asked")
                    break
                await connection.send(message)
        finally:
            self.codes.append(connection.close_code)

    async def _serve(self) -> None:
        async with websockets.serve(self._echo, "127.0.0.1", 0, ssl=self._tls, max_size=MAX_BYTES) as server:
            self._port.set_result(server.sockets[0].getsockname()[1])
            await self._stop.wait()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._port.result(WAIT_S)}"

    def __enter__(self) -> "EchoServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_S)


def talk(port: int, name: str, context: ssl.SSLContext, what: Callable[[Any], Awaitable[Any]]) -> Any:
    """Opens wss://NAME/chat through 127.0.0.1:PORT, and returns what `what` makes of the connection."""
    async def run() -> Any:
        async with websockets.connect(f"wss://{name}/chat?room=1", host="127.0.0.1", port=port, ssl=context,
                                      server_hostname=name, max_size=MAX_BYTES) as connection:
            return await what(connection)
    return asyncio.run(asyncio.wait_for(run(), WAIT_S))
