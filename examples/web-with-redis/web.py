#!/usr/bin/env python3
"""A web service that needs redis: GET / counts visits, GET /health answers 503 while redis is away.
Listens on 127.0.0.1:$PORT, asks redis at $REDIS (host:port). python3's standard library alone."""

import http.server
import os
import signal
import socket
import sys

HOST, _, PORT = os.environ.get("REDIS", "127.0.0.1:6390").rpartition(":")


def redis(command):
    """The first line that redis answers, such as +PONG; OSError when it does not."""
    with socket.create_connection((HOST, int(PORT)), timeout=0.5) as connection:
        connection.sendall(command.encode() + b"\r\n")
        return connection.makefile("r", encoding="utf-8", newline="\r\n").readline().strip()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            if self.path == "/health":
                pong = redis("PING") == "+PONG"
                self.answer(200 if pong else 503, "ok" if pong else "redis does not answer PING")
            elif self.path == "/":
                self.answer(200, "visits: " + redis("INCR visits").lstrip(":"))
            else:
                self.answer(404, "not found")
        except OSError as failed:
            self.answer(503, f"redis is away: {failed}")

    def answer(self, status, text):
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        print(form % values, flush=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
