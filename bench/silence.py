"""What the tests show with scaled times, once in real minutes: silence ends nothing (statements 32 and 59)."""

import base64
import json
import os
import socket
import threading
import time
from urllib.parse import urlsplit

from measure import KEY, URL, Http

MINUTES = float(os.environ.get("SILENCE_MINUTES", "10"))
MOST_QUIET = 60


def idle() -> str:
    http = Http()
    sandbox = http.create()
    body = json.dumps({"argv": ["sh", "-c", "echo here > kept; while sleep 1; do date > beat; done"]})
    status, answer = http.call("POST", f"/v1/sandbox/{sandbox}/processes", body.encode())
    assert status in (200, 201), answer
    time.sleep(60 * MINUTES)
    answer = http.execute(sandbox, "sh", "-c", "cat kept; echo $(($(date +%s) - $(date -r beat +%s)))")
    lines = [line[6:] for line in answer.splitlines() if line.startswith(b"data: ") and line[6:7] != b"{"]
    kept, age = b"".join(map(base64.b64decode, lines)).split()
    assert kept == b"here" and int(age) < 5, (kept, age, http.call("GET", f"/v1/sandbox/{sandbox}/processes"))
    http.delete(sandbox)
    return "a sandbox without a request keeps its files and its background process"


def silent(ttl: int | None) -> float:
    """The longest time for which a silent command's stream says nothing."""
    http = Http()
    status, answer = http.call("POST", "/v1/sandbox", json.dumps({"ttl": ttl} if ttl else {}).encode())
    assert status == 200, answer
    sandbox = json.loads(answer)["id"]
    address = urlsplit(URL)
    body = json.dumps({"argv": ["sh", "-c", f"sleep {60 * MINUTES:.0f}; echo end"]}).encode()
    quiet, data = 0.0, b""
    with socket.create_connection((address.hostname, address.port), timeout=2 * MOST_QUIET) as stream:
        stream.sendall(
            f"POST /v1/sandbox/{sandbox}/exec HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        while True:
            begun = time.monotonic()
            received = stream.recv(1 << 16)
            quiet = max(quiet, time.monotonic() - begun)
            if not received:
                break
            data += received
    assert base64.b64encode(b"end\n") in data and b'"exit_code":0}' in data, data[-500:]
    http.delete(sandbox)
    return quiet


def stream() -> str:
    quiet = silent(None)
    assert quiet < MOST_QUIET, quiet
    return f"a command silent for so long returns; its stream never said nothing for more than {quiet:.1f} s"


def short_life() -> str:
    silent(30)
    return "so it does in a sandbox whose life is 30 s"


def main() -> None:
    print(f"silence of {MINUTES:g} minutes ends nothing")
    failures: list[str] = []

    def one(check) -> None:
        try:
            print(f"  {check()}", flush=True)
        except Exception as failure:
            failures.append(f"{check.__name__}: {failure!r}")

    threads = [threading.Thread(target=one, args=(check,)) for check in (idle, stream, short_life)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        print(f"  {failure}")
    assert not failures


main()
