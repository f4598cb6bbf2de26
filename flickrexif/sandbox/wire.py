"""HTTP/1.1 on this machine's own address: reads requests, sends what a site answers."""

from __future__ import annotations

import logging
import re
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flickrexif.sandbox.site import Received

if TYPE_CHECKING:
    from flickrexif.sandbox.response import Response
    from flickrexif.sandbox.site import Site

HOST = "127.0.0.1"
_log = logging.getLogger("flickrexif.sandbox")
_SIGNED_BY = re.compile(r'oauth_consumer_key="([^"]*)"')


class WireServer(ThreadingHTTPServer):
    """One thread per connection; none of them outlives the server."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, site: Site | None = None) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking any name server for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it in a thread of its own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the listening socket and every connection."""
        super().server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong; a caller that hung up is no news."""
        if isinstance(sys.exc_info()[1], ConnectionError):
            _log.debug("a client of the sandbox hung up")
        else:
            _log.exception("the sandbox failed to answer")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: WireServer

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(self.rfile.read(length).decode("utf-8", "replace"))

    def _serve(self, form: str) -> None:
        target = urlsplit(self.path)
        pairs = parse_qsl(target.query, keep_blank_values=True)
        query = dict(pairs + parse_qsl(form, keep_blank_values=True))
        received = Received(
            path=unquote(target.path),
            query=query,
            key=self._key(query),
            range_header=self.headers.get("Range"),
            verb=self.command,
            address=f"http://{self.headers.get('Host', HOST)}{self.path}",
            form=form,
            authorization=self.headers.get("Authorization", ""),
        )
        response = self.server.site.answer(received) if self.server.site else None
        if response is None:
            self.close_connection = True
        else:
            self._send(response)

    def _key(self, query: dict[str, str]) -> str:
        signed = _SIGNED_BY.search(self.headers.get("Authorization", ""))
        if signed:
            return unquote(signed[1])
        return query.get("api_key") or query.get("oauth_consumer_key") or ""

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if response.cut:
            self.close_connection = True
            self.wfile.write(response.body[: len(response.body) // 2])
        else:
            self.wfile.write(response.body)

    def version_string(self) -> str:
        return "flickrexif-sandbox"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        _log.debug(format, *args)
