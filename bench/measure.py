"""What the benchmarks share: a thin HTTP client, sandboxes, percentiles and how a comparison is printed."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

URL = os.environ["SANDBRIDGE_URL"].rstrip("/")
KEY = os.environ["SANDBRIDGE_KEY"]


class Http:
    """One kept-alive HTTP/1.1 connection, so thin that what is timed is the server."""

    def __init__(self, url: str = URL, headers: str = f"Authorization: Bearer {KEY}\r\n") -> None:
        self._address = urlsplit(url)
        self._headers = headers
        self._host = self._address.netloc
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection((self._address.hostname, self._address.port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used = time.monotonic()

    def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the whole body of an answer."""
        if time.monotonic() - self._used > 10:    # a server may close what idles
            self._socket.close()
            self._connect()
        self._used = time.monotonic()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{self._headers}"
        if body or method in ("POST", "PUT"):
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + body)
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        lines = data[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        rest = data[end + 4 :]
        if headers.get("transfer-encoding") == "chunked":
            return int(lines[0].split()[1]), self._chunks(rest)
        length = int(headers.get("content-length", 0))
        while len(rest) < length:
            rest += self._more()
        return int(lines[0].split()[1]), bytes(rest)

    def _chunks(self, data: bytearray) -> bytes:
        body = bytearray()
        while True:
            while (end := data.find(b"\r\n")) < 0:
                data += self._more()
            size = int(data[:end], 16)
            while len(data) < end + 2 + size + 2:
                data += self._more()
            body += data[end + 2 : end + 2 + size]
            del data[: end + 2 + size + 2]
            if size == 0:
                return bytes(body)

    def _more(self) -> bytes:
        received = self._socket.recv(1 << 16)
        if not received:
            raise ConnectionError("the server closed the connection")
        return received

    def health(self) -> None:
        status, body = self.call("GET", "/health")
        if status != 200:
            raise RuntimeError(f"GET /health: {status} {body!r}")

    def create(self, profile: str = "default") -> str:
        status, body = self.call("POST", f"/p/{profile}/v1/sandbox", b"{}")
        if status != 200:
            raise RuntimeError(f"create: {status} {body!r}")
        return json.loads(body)["id"]

    def execute(self, sandbox: str, *argv: str) -> bytes:
        """The event stream of a command that must succeed."""
        status, body = self.call("POST", f"/v1/sandbox/{sandbox}/exec", json.dumps({"argv": argv}).encode())
        if status != 200 or b'"exit_code":0}' not in body:
            raise RuntimeError(f"exec {argv}: {status} {body!r}")
        return body

    def delete(self, sandbox: str) -> None:
        status, body = self.call("DELETE", f"/v1/sandbox/{sandbox}")
        if status != 204:
            raise RuntimeError(f"delete: {status} {body!r}")


class Shell:
    """A running bash, told one command at a time; so its own start is in nobody's figures."""

    def __init__(self, script: Path) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.run(f". '{script}'")

    def run(self, command: str) -> None:
        self._bash.stdin.write(f"{command} </dev/null >&2; echo $?\n".encode())
        answer = b""
        while not answer.endswith(b"\n"):
            byte = self._bash.stdout.read(64)
            if not byte:
                raise RuntimeError(f"bash ended in {command}")
            answer += byte
        if answer != b"0\n":
            raise RuntimeError(f"{command} ended with {answer!r}")

    def close(self) -> None:
        self._bash.stdin.close()
        self._bash.wait()


def timed(action, *arguments) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    action(*arguments)
    return (time.perf_counter() - start) * 1000


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def show(name: str, values: list[float], unit: str = "ms") -> None:
    p50, p95 = percentile(values, 50), percentile(values, 95)
    print(f"  {name:<58} p50 {p50:9.2f} {unit}   p95 {p95:9.2f} {unit}", flush=True)


def verdict(ratio: float, target: float, higher_is_better: bool) -> str:
    met = ratio >= target if higher_is_better else ratio <= target
    return f"target {'>=' if higher_is_better else '<='} {target}: {'met' if met else 'MISSED'}"


def compare(ours: tuple[str, list[float]], rival: tuple[str, list[float]], target: float) -> None:
    """Times: the smaller, the better."""
    show(*ours)
    show(*rival)
    p50, p95 = (percentile(ours[1], p) / percentile(rival[1], p) for p in (50, 95))
    print(f"  {'ratio':<58} p50 {p50:9.2f}      p95 {p95:9.2f}      {verdict(p50, target, False)}", flush=True)


def host_process(sandbox: str, http: Http) -> int:
    """A process that stays in the sandbox, by its number on this machine."""
    mark = f"{0x5EED0000 + os.getpid()}"
    http.execute(sandbox, "sh", "-c", f"sleep {mark} >/dev/null 2>&1 &")
    for _ in range(100):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cmdline").read_bytes() == f"sleep\0{mark}\0".encode():
                    return int(process.name)
            except OSError:
                continue
        time.sleep(0.05)
    raise RuntimeError("the sandbox's process is not to be seen from here")


def control_groups(process: int) -> list[Path]:
    """The directories of a process's control groups that its parent service made for it."""
    own = Path("/proc/self/cgroup").read_text().splitlines()
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup" in line]
    found = []
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        if line in own:
            continue
        _, controllers, path = line.split(":", 2)
        for mount in mounts:
            options = mount[-1].split(",")
            if set(controllers.split(",")) <= set(options) if controllers else mount[mount.index("-") + 1] == "cgroup2":
                found.append(Path(mount[4] + path))
                break
    return found


def needs_root(what: str) -> None:
    if os.geteuid() != 0:
        print(f"  not measured: {what} needs root")
        sys.exit(0)


def java_process() -> int:
    """The service's own process, which the launcher keeps in its group."""
    service = int(os.environ["SANDBRIDGE_PID"])
    for process in Path("/proc").glob("[0-9]*"):
        try:
            program = (process / "exe").resolve()
            group = int((process / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:
            continue
        if group == service and program.name == "java":
            return int(process.name)
    raise RuntimeError("the service's Java is not to be seen from here")
