#!/usr/bin/env python3
"""A TCP port before a unix socket, as an engine that listens on tcp:// has it; with TLS when certificates are given.

tcp_gate.py SOCKET [CERTIFICATE KEY AUTHORITY]

Prints the port, which is on 127.0.0.1. With AUTHORITY, only clients with a certificate that it signed are let in.
"""

import socket
import ssl
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, context, path):
    try:
        if context:
            client = context.wrap_socket(client, server_side=True)
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(path)
    except OSError:
        client.close()
        return
    threading.Thread(target=pump, args=(client, engine), daemon=True).start()
    pump(engine, client)


def main(path, *files):
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files[0], files[1])
        context.load_verify_locations(files[2])
        context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, context, path), daemon=True).start()


main(*sys.argv[1:])
