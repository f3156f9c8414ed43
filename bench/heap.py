"""A file of 2 GiB through a service with a small heap: every byte must come back, and the service's memory stays flat,
also while the reader pauses."""

import hashlib
import os
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from measure import KEY, URL, Http, show

MEBIBYTE = 1 << 20
SIZE = 2048
FLAT = 96  # MiB that resident memory may grow: code and buffers that the first transfer brings in


def resident() -> float:
    """MiB of the service's process."""
    status = Path(f"/proc/{os.environ['SANDBRIDGE_PID']}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


class Watch(threading.Thread):
    """Looks at the service's memory until told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[float] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.05):
            self.seen.append(resident())

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopped.set()
        self.join()


def connection(method: str, path: str, length: int) -> socket.socket:
    address = urlsplit(URL)
    opened = socket.create_connection((address.hostname, address.port), timeout=300)
    opened.sendall(
        f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n".encode()
    )
    return opened


def answer_head(opened: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = opened.recv(1)
        if not byte:
            raise ConnectionError(f"no answer: {head!r}")
        head += byte
    return head


def upload(path: str) -> str:
    digest = hashlib.sha256()
    filling = os.urandom(MEBIBYTE - 8)
    with connection("PUT", path, SIZE * MEBIBYTE) as opened:
        for number in range(SIZE):
            block = number.to_bytes(8, "big") + filling
            digest.update(block)
            opened.sendall(block)
        if b" 200 " not in answer_head(opened).split(b"\r\n")[0]:
            raise RuntimeError("upload refused")
    return digest.hexdigest()


def download(path: str, pause: float) -> str:
    digest, received = hashlib.sha256(), 0
    with connection("GET", path, 0) as opened:
        head = answer_head(opened)
        if b" 200 " not in head.split(b"\r\n")[0] or f"content-length: {SIZE * MEBIBYTE}".encode() not in head.lower():
            raise RuntimeError(f"download refused: {head!r}")
        while received < SIZE * MEBIBYTE:
            part = opened.recv(MEBIBYTE)
            if not part:
                raise ConnectionError(f"ended after {received} bytes")
            if received < 64 * MEBIBYTE <= received + len(part):
                time.sleep(pause)
            digest.update(part)
            received += len(part)
    return digest.hexdigest()


def main() -> None:
    print(f"a file of {SIZE} MiB through {os.environ.get('SANDBRIDGE_JAVA_OPTS', '')}")
    http = Http()
    sandbox = http.create()
    path = f"/v1/sandbox/{sandbox}/file/workspace/big"
    try:
        http.execute(sandbox, "true")
        before = resident()
        grown = []
        sent = received = ""
        for name, action in (
            ("up", lambda: upload(path)),
            ("down", lambda: download(path, 0)),
            ("down, pausing 5 s", lambda: download(path, 5)),
        ):
            with Watch() as watch:
                begun = time.perf_counter()
                digest = action()
                seconds = time.perf_counter() - begun
            sent, received = sent or digest, digest
            if received != sent:
                raise RuntimeError(f"{name}: the bytes came back changed")
            grown.append(max(watch.seen) - before)
            show(f"resident memory, {name} ({SIZE / seconds:.0f} MiB/s with SHA-256)", watch.seen, "MiB")
        met = "met" if max(grown) <= FLAT else "MISSED"
        print(f"  before {before:.0f} MiB, grown by {max(grown):.0f} MiB at most   target <= {FLAT} MiB: {met}")
    finally:
        http.delete(sandbox)


main()
