"""Terminals over the WebSocket, as callers have them, against a bare pseudo-terminal of this machine, entering the same
sandbox from a shell, and an upgrade to an endpoint that echoes (Echo.java)."""

import json
import os
import re
import resource
import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from bare import MIB, bare_echo, bare_pour, bare_true
from measure import (
    KEY, URL, Http, Shell, compare, control_groups, host_process, java_process, needs_root, percentile, show, timed,
    verdict,
)

ROOT = Path(__file__).resolve().parent.parent
WARM_UP = int(os.environ.get("SOCKETS_WARM_UP", "200"))
ROUNDS = int(os.environ.get("SOCKETS_ROUNDS", "300"))
KEYS = 2000
IDLE = [int(count) for count in os.environ.get("SOCKETS_IDLE", "500 2000").split()]
POUR = int(os.environ.get("SOCKETS_POUR", "50"))
CHURN = int(os.environ.get("SOCKETS_CHURN", "10000"))
SILENCE = float(os.environ.get("SOCKETS_SILENCE", "0"))    # minutes; 15 is what the contract asks for
IN_ONE_SANDBOX = 400    # a sandbox may have 512 processes
AT_ONCE = 4
LINE = b"0123456789abcdef\n"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocket:
    """One connection, so thin that what is timed is the server."""

    def __init__(self, address: tuple[str, int], path: str) -> None:
        self.socket = socket.create_connection(address, timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._data = bytearray()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nAuthorization: Bearer {KEY}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        while (end := self._data.find(b"\r\n\r\n")) < 0:
            self._more()
        if not self._data.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"no upgrade: {bytes(self._data)!r}")
        del self._data[: end + 4]

    def send(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        head = bytes([0x80 | kind, 0x80 | length]) if length < 126 else bytes([0x80 | kind, 0xFE]) + length.to_bytes(2)
        self.socket.sendall(head + bytes(4) + payload)    # a mask of zeros leaves the bytes as they are

    def next(self) -> tuple[int, bytes]:
        """The next frame that is no ping."""
        while (frame := self.taken()) is None:
            self._more()
        return frame

    def taken(self) -> tuple[int, bytes] | None:
        """The next frame that has come already."""
        while len(self._data) >= 2:
            length, begin = self._data[1], 2
            if length >= 126:
                begin = 4 if length == 126 else 10
                if len(self._data) < begin:
                    return None
                length = int.from_bytes(self._data[2:begin])
            if len(self._data) < begin + length:
                return None
            kind, payload = self._data[0] & 0x0F, bytes(self._data[begin : begin + length])
            del self._data[: begin + length]
            if kind != PING:
                return kind, payload
            self.send(PONG, payload)
        return None

    def _more(self) -> None:
        self.arrived(self.socket.recv(1 << 18))

    def arrived(self, data: bytes) -> None:
        if not data:
            raise ConnectionError("the server closed the connection")
        self._data += data

    def close(self) -> None:
        """Without a word, as a lost connection."""
        self.socket.close()


def terminal(sandbox: str) -> WebSocket:
    """One that waits for its command."""
    address = urlsplit(URL)
    opened = WebSocket((address.hostname, address.port), f"/v1/sandbox/{sandbox}/pty?cols=80&rows=24")
    if opened.next() != (TEXT, b'{"type":"ready"}'):
        raise RuntimeError("a terminal is not ready")
    return opened


def run_true(sandbox: str) -> None:
    opened = terminal(sandbox)
    opened.send(BINARY, b"true\n")
    answer = opened.next()
    if answer != (TEXT, b'{"type":"exit","code":0}'):
        raise RuntimeError(f"true: {answer}")
    opened.close()


class EchoServer:
    def __init__(self) -> None:
        libraries = ROOT / "target/app" / (ROOT / "target/app/current").read_text().strip() / "lib"
        java = os.readlink(f"/proc/{java_process()}/exe")
        source = str(Path(__file__).with_name("Echo.java"))
        self._java = subprocess.Popen(
            [java, "-Xmx256m", "-cp", f"{libraries}/boot/*:{libraries}/main/*", source],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self._address = ("127.0.0.1", int(self._java.stdout.readline()))

    def open(self) -> WebSocket:
        return WebSocket(self._address, "/")

    def once(self) -> None:
        """An upgrade and one message."""
        opened = self.open()
        opened.send(BINARY, b"true\n")
        if opened.next() != (BINARY, b"true\n"):
            raise RuntimeError("no echo")
        opened.close()

    def close(self) -> None:
        self._java.stdin.close()
        self._java.wait()


def opening(http: Http, echo: EchoServer) -> None:
    sandbox = http.create()
    shell = Shell(Path(__file__).with_name("rival.sh"))
    try:
        process = host_process(sandbox, http)
        shell.run(f"target={process}")
        shell.run(f"groups=({' '.join(map(str, control_groups(process)))})")
        ours, bare, entering, upgrades = [], [], [], []
        for number in range(WARM_UP + ROUNDS):
            times = (timed(run_true, sandbox), timed(bare_true), timed(shell.run, "enter true"), timed(echo.once))
            if number >= WARM_UP:
                for collected, taken in zip((ours, bare, entering, upgrades), times):
                    collected.append(taken)
        rival = [sum(three) for three in zip(bare, entering, upgrades)]
        compare(("connect, `true`, its exit", ours), ("bare terminal + nsenter + upgrade with an echo", rival), 1.5)
        show("of which bare terminal", bare)
        show("of which nsenter", entering)
        show("of which upgrade with an echo", upgrades)
    finally:
        shell.close()
        http.delete(sandbox)


def keystrokes(opened: WebSocket) -> list[float]:
    """Microseconds of each."""
    times = []
    for _ in range(KEYS):
        begun = time.perf_counter()
        opened.send(BINARY, b"k")
        opened.next()
        times.append((time.perf_counter() - begun) * 1e6)
    return times


def echoing(http: Http, echo: EchoServer) -> None:
    sandbox = http.create()
    opened, plain = terminal(sandbox), echo.open()
    opened.send(BINARY, b"stty raw -echo; printf r; exec cat\n")
    opened.next()
    keystrokes(opened), keystrokes(plain)
    ours, bare, socket_alone = keystrokes(opened), bare_echo(KEYS), keystrokes(plain)
    show("echo of a key", ours, "us")
    show("the same on a bare terminal", bare, "us")
    show("the same message from an endpoint that echoes", socket_alone, "us")
    added = (percentile(ours, 50) - percentile(bare, 50)) / 1000
    print(f"  {'added to a bare terminal, the socket included':<58} p50 {added:9.3f} ms   {verdict(added, 1, False)}",
          flush=True)
    opened.close(), plain.close()
    http.delete(sandbox)


def heap() -> float:
    """Bytes of the service's heap that are in use after a collection."""
    process = java_process()
    tool = Path(os.readlink(f"/proc/{process}/exe")).with_name("jcmd")
    subprocess.run([tool, str(process), "GC.run"], stdout=subprocess.DEVNULL, check=True)
    said = subprocess.run([tool, str(process), "GC.heap_info"], stdout=subprocess.PIPE, text=True, check=True).stdout
    kinds = re.findall(r"total .*?used (\d+)K", said)
    return sum(map(int, kinds)) * 1024.0


def resident() -> int:
    return int(Path(f"/proc/{java_process()}/statm").read_text().split()[1]) * resource.getpagesize()


def entries(directory: str) -> int:
    return len(os.listdir(f"/proc/{java_process()}/{directory}"))


def idle(http: Http, count: int) -> None:
    sandboxes = [http.create() for _ in range(0, count, IN_ONE_SANDBOX)]
    for sandbox in sandboxes:
        run_true(sandbox)
    before = heap(), resident(), entries("task")
    opened = []
    for number in range(count):
        one = terminal(sandboxes[number // IN_ONE_SANDBOX])
        one.send(BINARY, b"printf r; exec sleep 1000\n")
        opened.append(one)
    for one in opened:
        if one.next() != (BINARY, b"r"):
            raise RuntimeError("a terminal shows nothing")
    more = [after - earlier for earlier, after in zip(before, (heap(), resident(), entries("task")))]
    for one in opened:
        one.close()
    for sandbox in sandboxes:
        http.delete(sandbox)
    print(
        f"  {count} idle: heap {more[0] / count / 1024:.1f} KiB, resident {more[1] / count / 1024:.1f} KiB each,"
        f" {more[2]} threads more", flush=True,
    )


def pour(http: Http, count: int) -> None:
    rival = bare_pour()
    sandbox = http.create()
    expected = LINE * (1 << 13)
    before, most, begun = resident(), 0, time.perf_counter()
    waiting = selectors.DefaultSelector()
    counts: dict[WebSocket, int] = {}
    for _ in range(count):
        one = terminal(sandbox)
        one.send(BINARY, b"stty raw; yes 0123456789abcdef | head -c 52428800\n")
        waiting.register(one.socket, selectors.EVENT_READ, one)
        counts[one] = 0
    while waiting.get_map():
        for key, _ in waiting.select():
            one = key.data
            one.arrived(one.socket.recv(1 << 18))
            while (frame := one.taken()) is not None:
                if frame[0] == BINARY:
                    at, data = counts[one] % len(LINE), frame[1]
                    if data != expected[at : at + len(data)]:
                        raise RuntimeError(f"wrong bytes at {counts[one]}")
                    counts[one] += len(data)
                elif frame[0] == TEXT:
                    if counts[one] != 50 * MIB or json.loads(frame[1]) != {"type": "exit", "code": 0}:
                        raise RuntimeError(f"{frame[1]!r} after {counts[one]} bytes")
                    waiting.unregister(one.socket)
                    one.close()
                    break
        most = max(most, resident())
    speed = count * 50 / (time.perf_counter() - begun)
    http.delete(sandbox)
    print(
        f"  {count} x 50 MiB at once, every byte in order: {speed:.0f} MiB/s, one bare terminal {rival:.0f} MiB/s,"
        f" ratio {speed / rival:.2f}; resident grew by {(most - before) / MIB:.1f} MiB", flush=True,
    )


def processes(http: Http, sandbox: str) -> int:
    body = http.execute(sandbox, "sh", "-c", "ls -d /proc/[0-9]* | wc -l")
    return int(__import__("base64").b64decode(re.search(rb"data: ([A-Za-z0-9+/=]+)", body).group(1)))


def dying(http: Http, rounds: int) -> None:
    """From a lost connection to the end of all that its command started."""
    sandbox = http.create()
    calm, times = processes(http, sandbox), []
    for _ in range(rounds):
        one = terminal(sandbox)
        one.send(BINARY, b"sleep 1000 & setsid sleep 1000 & printf r; sleep 1000\n")
        while one.next() != (BINARY, b"r"):
            pass
        one.close()
        begun = time.perf_counter()
        while processes(http, sandbox) > calm:
            pass
        times.append((time.perf_counter() - begun) * 1000)
    show("a lost connection until its processes are gone", times)
    print(f"  {'the slowest':<58}     {max(times):9.2f} ms   {verdict(max(times), 2000, False)}", flush=True)
    http.delete(sandbox)


def churn(http: Http, count: int) -> None:
    """Every other connection is lost under its command."""
    sandbox = http.create()

    def some(number: int) -> None:
        batch = [terminal(sandbox) for _ in range(AT_ONCE)]
        for one in batch:
            one.send(BINARY, b"true\n" if number % 2 else b"printf r; exec sleep 1000\n")
        for one in batch:
            one.next()
            one.close()

    def state() -> tuple[int, ...]:
        heap()
        return entries("fd"), entries("task"), processes(http, sandbox)

    for number in range(50):
        some(number)
    before, begun = state(), time.perf_counter()
    for number in range(count // AT_ONCE):
        some(number)
    taken = (time.perf_counter() - begun) * 1000 / count
    for _ in range(100):
        more = [after - earlier for earlier, after in zip(before, state())]
        if max(more) <= 0:
            break
        time.sleep(0.1)
    http.delete(sandbox)
    print(
        f"  {count} opened and closed, {taken:.2f} ms each: descriptors {more[0]:+d}, threads {more[1]:+d},"
        f" processes {more[2]:+d}", flush=True,
    )
    if max(more[0], more[2]) > 0 or more[1] > 4:    # the JVM's own threads come and go
        sys.exit("something leaks")


def silence(http: Http, minutes: float) -> None:
    sandbox = http.create()
    one = terminal(sandbox)
    one.socket.settimeout(120)
    one.send(BINARY, f"sleep {minutes * 60}; printf awake\n".encode())
    if one.next() != (BINARY, b"awake"):
        raise RuntimeError("a silent socket does not stay open")
    http.delete(sandbox)
    print(f"  a socket that was silent for {minutes:g} minutes is open", flush=True)


def main() -> None:
    print("terminals over the WebSocket")
    needs_root("entering a sandbox from outside")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    http, echo = Http(), EchoServer()
    try:
        opening(http, echo)
        echoing(http, echo)
    finally:
        echo.close()
    dying(http, 20)
    for count in IDLE:
        idle(http, count)
    pour(http, POUR)
    churn(http, CHURN)
    if SILENCE:
        silence(http, SILENCE)


main()
