"""Added time per call: through the service into a sandbox at the stand-in of Blaxel, which is 30 ms away, against asking
the stand-in directly. Both keep one connection; they take turns."""

import json
import os
import urllib.request

from measure import Http, percentile, timed

WARM_UP, ROUNDS = 100, 400
P50, P99 = 1.10, 1.25
CREDENTIALS = {
    "X-Blaxel-Authorization": f"Bearer {os.environ.get('SANDBRIDGE_BLAXEL_API_KEY')}",
    "X-Blaxel-Workspace": os.environ.get("SANDBRIDGE_BLAXEL_WORKSPACE", ""),
    "Blaxel-Version": "2026-04-28",
}
FILE = "/filesystem/%2Fworkspace%2Fbench"


class Direct:
    """The stand-in's own API of one sandbox."""

    def __init__(self) -> None:
        listing = urllib.request.Request(os.environ["SANDBRIDGE_BLAXEL_API_URL"] + "/sandboxes", headers=CREDENTIALS)
        with urllib.request.urlopen(listing) as answer:
            url = json.load(answer)["data"][0]["metadata"]["url"]
        headers = "".join(f"{name}: {value}\r\n" for name, value in CREDENTIALS.items())
        self._json = Http(url, headers)
        self._raw = Http(url, headers + "Accept: application/octet-stream\r\n")
        self._count = 0

    def execute(self) -> None:
        self._count += 1
        command = {"name": f"bench-{self._count}", "command": "echo hello", "waitForCompletion": True, "timeout": 30}
        status, body = self._json.call("POST", "/process", json.dumps(command).encode())
        if status != 200 or json.loads(body)["stdout"] != "hello\n":
            raise RuntimeError(f"directly: {status} {body!r}")

    def write(self) -> None:
        require(self._json.call("PUT", FILE, b'{"content": "hello"}'), 200)

    def read(self) -> None:
        require(self._raw.call("GET", FILE), 200)


def require(answer: tuple[int, bytes], wanted: int) -> None:
    if answer[0] != wanted:
        raise RuntimeError(f"{answer}")


def requests() -> int:
    with urllib.request.urlopen(os.environ["CONTROL"]) as answer:
        return int(answer.read())


def report(name: str, ours: list[float], rival: list[float], calls: float) -> None:
    line = [f"  {name:<14} {calls:4.2f} requests upstream"]
    for percent, target in ((50, P50), (99, P99)):
        one, other = percentile(ours, percent), percentile(rival, percent)
        met = "met" if one / other <= target else "MISSED"
        line.append(f"p{percent} {one:7.2f} ms : {other:7.2f} ms = {one / other:4.2f} (<= {target}: {met})")
    print("   ".join(line), flush=True)


def main() -> None:
    print("a sandbox at the stand-in of Blaxel, through the service : directly")
    http = Http()
    sandbox = http.create("away")
    direct = Direct()
    path = f"/v1/sandbox/{sandbox}/file/workspace/bench"
    pairs = {
        "exec": (lambda: http.execute(sandbox, "echo", "hello"), direct.execute),
        "write a file": (lambda: require(http.call("PUT", path, b"hello"), 200), direct.write),
        "read a file": (lambda: require(http.call("GET", path), 200), direct.read),
    }
    try:
        for name, (through, straight) in pairs.items():
            ours, rival = [], []
            before = 0
            for number in range(WARM_UP + ROUNDS):
                if number == WARM_UP:
                    before = requests()
                times = timed(through), timed(straight)
                if number >= WARM_UP:
                    ours.append(times[0])
                    rival.append(times[1])
            report(name, ours, rival, (requests() - before) / ROUNDS - 1)
    finally:
        http.delete(sandbox)


main()
