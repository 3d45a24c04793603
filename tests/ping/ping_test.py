#!/usr/bin/env python3
"""keepwell-ping, run for real: exit codes and texts. Usage: ping_test.py PATH/TO/keepwell-ping"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

PING = ""


def ping(*words, prefix=()):
    done = subprocess.run([*prefix, PING, *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Server:
    """Answers every connection with `reply`, and remembers the last request; None: never answers."""

    def __init__(self, reply, place=("127.0.0.1", 0), family=socket.AF_INET):
        self.reply, self.request = reply, b""
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.bind(place)
        self.listener.listen(16)
        self.kept = []
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def port(self):
        return self.listener.getsockname()[1]

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.kept.append(peer)
            if self.reply is None:
                continue
            self.answer(peer)

    def answer(self, peer):
        try:
            self.request = peer.recv(4096)
            for part in self.reply:
                peer.sendall(part)
        except OSError:  # it wanted a connection only
            pass
        peer.close()


def answering(status):
    return Server([b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status])


class Http(unittest.TestCase):
    def test_a_200_passes(self):
        server = answering(200)
        url = f"http://127.0.0.1:{server.port}/health"
        self.assertEqual(ping(url), (0, f"{url}: HTTP 200\n", ""))
        self.assertEqual(server.request, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: keepwell-ping\r\n"
                                         b"Accept: */*\r\nConnection: close\r\n\r\n" % server.port)

    def test_a_redirect_passes_and_a_404_or_503_fails(self):
        for status, code in ((302, 0), (399, 0), (400, 1), (404, 1), (503, 1), (199, 1)):
            url = f"http://127.0.0.1:{answering(status).port}/"
            line = f"{url}: HTTP {status}\n"
            self.assertEqual(ping(url), (code, "" if code else line, line if code else ""))

    def test_a_status_line_in_pieces_is_read(self):
        url = f"http://127.0.0.1:{Server([b'HT', b'TP/1.0 2', b'00 OK']).port}/"
        self.assertEqual(ping(url)[0], 0)

    def test_what_is_no_http_fails(self):
        for reply, why in (([b"+PONG\r\n and more"], "the answer is no HTTP"), ([b"HTTP/1.1 2x0 OK"], "the answer is no HTTP"),
                           ([b"HTTP/1"], "the answer is no HTTP"), ([], "closed without an answer")):
            url = f"http://127.0.0.1:{Server(reply).port}/"
            self.assertEqual(ping(url), (1, "", f"{url}: {why}\n"))

    def test_silence_times_out(self):
        url = f"http://127.0.0.1:{Server(None).port}/"
        self.assertEqual(ping("--timeout", "100ms", url), (1, "", f"{url}: timed out\n"))

    def test_a_closed_port_is_refused(self):
        server = answering(200)
        url = f"http://127.0.0.1:{server.port}/"
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        self.assertEqual(ping(url), (1, "", f"{url}: Connection refused\n"))

    def test_localhost_is_known(self):
        self.assertEqual(ping(f"http://localhost:{answering(200).port}/")[0], 0)

    def test_every_url_must_pass(self):
        good, bad = (f"http://127.0.0.1:{answering(status).port}/" for status in (200, 500))
        self.assertEqual(ping(good, bad), (1, f"{good}: HTTP 200\n", f"{bad}: HTTP 500\n"))
        self.assertEqual(ping("-q", good, bad), (1, "", f"{bad}: HTTP 500\n"))
        self.assertEqual(ping("-q", good, good), (0, "", ""))


class OtherPlaces(unittest.TestCase):
    def test_tcp_passes_on_a_connection(self):
        url = f"tcp://127.0.0.1:{Server(None).port}"
        self.assertEqual(ping(url), (0, f"{url}: connected\n", ""))

    def test_a_unix_socket_is_asked(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.sock")
            server = Server([b"HTTP/1.1 503 X\r\n\r\n"], path, socket.AF_UNIX)
            self.assertEqual(ping(f"unix://{path}"), (0, f"unix://{path}: connected\n", ""))
            self.assertEqual(ping(f"unix://{path}:/health"), (1, "", f"unix://{path}:/health: HTTP 503\n"))
            self.assertTrue(server.request.startswith(b"GET /health HTTP/1.1\r\nHost: localhost\r\n"))
            self.assertEqual(ping(f"unix://{path}x"), (1, "", f"unix://{path}x: No such file or directory\n"))
        long = "unix:///" + "x" * 200
        self.assertEqual(ping(long), (1, "", f"{long}: the path of the socket is too long\n"))


class Usage(unittest.TestCase):
    def test_misuse_is_2(self):
        self.assertEqual(ping()[0], 2)
        self.assertEqual(ping("--bogus"), (2, "", "keepwell-ping: --bogus: no such option\n"))
        self.assertEqual(ping("-t", "soon", "tcp://a:1"),
                         (2, "", "keepwell-ping: soon: not a timeout such as 3s or 500ms\n"))
        self.assertEqual(ping("-t")[0], 2)
        self.assertEqual(ping("https://shop/"),
                         (2, "", "keepwell-ping: https://shop/: https is not spoken here; `keepwell ping` does\n"))

    def test_help_is_0(self):
        code, out, _ = ping("--help")
        self.assertEqual((code, out.splitlines()[0]), (0, "usage: keepwell-ping [-t|--timeout 3s] [-q|--quiet] URL..."))


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"),
                     "NOT TESTED: a DNS server needs port 53, and its resolv.conf a mount namespace: run as root")
class Names(unittest.TestCase):
    """A DNS server of our own on 127.0.0.53, which a private /etc/resolv.conf names."""

    @classmethod
    def setUpClass(cls):
        cls.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            cls.dns.bind(("127.0.0.53", 53))
        except OSError as error:
            raise unittest.SkipTest(f"NOT TESTED: port 53 is taken: {error}")
        threading.Thread(target=cls.serve, args=(cls.dns,), daemon=True).start()
        cls.folder = tempfile.TemporaryDirectory()
        cls.resolv = os.path.join(cls.folder.name, "resolv.conf")
        with open(cls.resolv, "w") as file:
            file.write("search shop.local\nnameserver 127.0.0.53\n")
        if subprocess.run([*cls.prefix(cls), "true"], capture_output=True).returncode != 0:
            raise unittest.SkipTest("NOT TESTED: no mount namespace to be had here")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def prefix(self):
        return ["unshare", "-m", "sh", "-c", f"mount --bind {self.resolv} /etc/resolv.conf && exec \"$@\"", "sh"]

    @staticmethod
    def serve(dns):
        while True:
            query, peer = dns.recvfrom(512)
            end = query.index(b"\0", 12) + 5
            name, kind = query[12:end - 5], query[end - 3]
            known = name == b"\x05redis\x04shop\x05local" and kind == 1
            dns.sendto(b"junk", peer)
            if name.startswith(b"\x04hang"):
                continue
            head = query[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" + (b"\0\1" if known else b"\0\0") + b"\0\0\0\0"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if known else b""
            dns.sendto(head + query[12:end] + answer, peer)

    def test_a_name_is_asked_for_with_its_search_list(self):
        url = f"http://redis:{answering(200).port}/"
        self.assertEqual(ping(url, prefix=self.prefix()), (0, f"{url}: HTTP 200\n", ""))

    def test_a_name_that_nobody_knows_fails(self):
        self.assertEqual(ping("tcp://nobody:1", prefix=self.prefix()), (1, "", "tcp://nobody:1: no such host\n"))

    def test_a_server_that_does_not_answer_takes_no_longer_than_the_timeout(self):
        self.assertEqual(ping("-t", "300ms", "tcp://hang:1", prefix=self.prefix()),
                         (1, "", "tcp://hang:1: no such host\n"))


if __name__ == "__main__":
    PING = sys.argv.pop(1)
    unittest.main(verbosity=2, warnings="ignore")
