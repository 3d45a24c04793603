"""alias_client.py NAME PORT PATH: a client as they are. 100 times a second it asks the engine's DNS for the name and then
one of the addresses, over a fresh connection; where that can not be reached, the next one.

To be run in the network namespace of a container. Until its stdin is closed; then it prints what failed, a line each,
and how many requests there were.
"""

import itertools
import random
import socket
import struct
import sys
import threading
import time

NAME, PORT, PATH = sys.argv[1], int(sys.argv[2]), sys.argv[3]
DNS = ("127.0.0.11", 53)
PATIENCE = 5
TURN = 0.5  # of one address, before the next is tried
PACE = 0.01

begun = time.monotonic()
ends = threading.Event()
numbers = itertools.count()
failures = []


def resolve():
    labels = b"".join(bytes([len(label)]) + label.encode() for label in NAME.split("."))
    question = struct.pack(">6H", random.randrange(65536), 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE)
        asking.sendto(question, DNS)
        answer = asking.recv(4096)
    count, records = struct.unpack(">H", answer[6:8])[0], answer[len(question) :]
    size = len(records) // max(count, 1)  # each names the same, and ends with an address
    return [socket.inet_ntoa(records[size * i : size * (i + 1)][-4:]) for i in range(count)]


def connect():
    trouble = "no address"
    for address in resolve():
        try:
            return socket.create_connection((address, PORT), TURN)
        except OSError as failed:
            trouble = f"{address}: {failed}"
    raise OSError(trouble)


def ask():
    with connect() as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(f"GET {PATH} HTTP/1.0\r\n\r\n".encode())
        answer = connection.makefile("rb").read()
    if b" 200 " not in answer.split(b"\r\n", 1)[0]:
        raise OSError(f"answered {answer[:60]}")


def work():
    while not ends.is_set():
        time.sleep(max(0, begun + PACE * next(numbers) - time.monotonic()))
        try:
            ask()
        except OSError as failed:
            failures.append(f"{time.monotonic() - begun:.3f} s: {failed}")


workers = [threading.Thread(target=work) for _ in range(32)]
for worker in workers:
    worker.start()
sys.stdin.read()
ends.set()
for worker in workers:
    worker.join()
print(*failures, f"{next(numbers)} requests", sep="\n")
