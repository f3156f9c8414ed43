"""A workspace out as an archive and in again, many small files and few large ones, against tar and sha256sum in the same
sandbox; the decision to skip a restore; and the service's memory from 64 MiB to 4 GiB."""

import json
import os
import re
import subprocess
import time
from base64 import b64decode
from pathlib import Path

from measure import KEY, URL, Http, percentile, show, verdict

ROUNDS = 5
FLAT = 32  # MiB
SMALL = "mkdir d; cd d; for i in $(seq 100); do mkdir $i; for j in $(seq 100); do head -c 2000 /dev/urandom > $i/$j; done; done"
LARGE = "for i in 1 2 3 4; do head -c 200000000 /dev/urandom > big$i; done"


def curl(*arguments: str) -> float:
    """Seconds."""
    done = subprocess.run(
        ["curl", "-sS", "--fail", "-H", f"Authorization: Bearer {KEY}", "-w", "%{stderr}%{time_total}\n", *arguments],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    return float(done.stderr.splitlines()[-1])


def inside(http: Http, sandbox: str, script: str) -> float:
    """Seconds that a script takes inside."""
    timed = f"s=$(date +%s%N); {script}; e=$(date +%s%N); echo took $((e - s))"
    stream = http.execute(sandbox, "sh", "-c", timed).decode()
    output = b"".join(b64decode(data) for data in re.findall(r"event: stdout\ndata: (\S*)", stream)).decode()
    return int(re.search(r"took (\d+)", output).group(1)) / 1e9


def persist(sandbox: str, target: str) -> float:
    return curl("-X", "POST", "-o", target, f"{URL}/v1/sandbox/{sandbox}/persist")


def hydrate(sandbox: str, archive: str) -> float:
    return curl("-T", archive, "-X", "POST", f"{URL}/v1/sandbox/{sandbox}/hydrate?clear=true")


def compare(name: str, ours: list[float], rival: list[float], target: float) -> None:
    show(f"{name}: the service", ours, "s ")
    show(f"{name}: tar and sha256sum", rival, "s ")
    ratio = percentile(rival, 50) / percentile(ours, 50)
    print(f"  {'our speed as a part of that':<58} p50 {ratio:9.2f}      {verdict(ratio, target, True)}", flush=True)


def tree(http: Http, kind: str, script: str) -> None:
    sandbox = http.create()
    archive = str(Path.cwd() / f"{kind}.tar")
    out, out_rival, back, back_rival = [], [], [], []
    try:
        http.execute(sandbox, "sh", "-c", script)
        persist(sandbox, archive)
        curl("-T", archive, f"{URL}/v1/sandbox/{sandbox}/file/tmp/openai-agents-bench")
        for number in range(ROUNDS + 1):
            times = (
                persist(sandbox, os.devnull),
                inside(http, sandbox, "tar -C /workspace -cf - . | sha256sum"),
                hydrate(sandbox, archive),
                inside(http, sandbox, "cd /tmp; mkdir x; tar -C x -xf openai-agents-bench; sha256sum openai-agents-bench"),
            )
            http.execute(sandbox, "rm", "-rf", "/tmp/x")
            if number > 0:
                for kept, time_taken in zip((out, out_rival, back, back_rival), times):
                    kept.append(time_taken)
        compare(f"persist {kind}", out, out_rival, 0.8)
        compare(f"hydrate {kind}", back, back_rival, 0.8)
        if kind == "small":
            skip(http, sandbox, percentile(out_rival, 50))
    finally:
        http.delete(sandbox)


def skip(http: Http, sandbox: str, rival: float) -> None:
    status, body = http.call("POST", f"/v1/sandbox/{sandbox}/snapshots")
    snapshot = json.loads(body)["id"]
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        status, body = http.call("POST", f"/v1/sandbox/{sandbox}/restore", json.dumps({"snapshot": snapshot}).encode())
        times.append(time.perf_counter() - begin)
        if status != 200 or not json.loads(body)["skipped"]:
            raise RuntimeError(f"restore: {status} {body!r}")
    show("deciding that a restore is not needed, 10,000 files", times, "s ")
    ratio = percentile(times, 50) / rival
    print(f"  {'as a part of one tar | sha256sum':<58} p50 {ratio:9.2f}      {verdict(ratio, 1.5, False)}", flush=True)


def resident() -> float:
    """MiB of the service's process."""
    status = Path(f"/proc/{os.environ['SANDBRIDGE_PID']}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def memory(http: Http) -> None:
    sandbox = http.create()
    seen = {}
    try:
        for size in ("64M", "4G"):
            http.execute(sandbox, "sh", "-c", f"cd /workspace; rm -rf *; truncate -s {size} big")
            archive = str(Path.cwd() / "big.tar")
            for _ in range(2):
                persist(sandbox, archive)
                hydrate(sandbox, archive)
            seen[size] = resident()
            os.remove(archive)
    finally:
        http.delete(sandbox)
    growth = seen["4G"] - seen["64M"]
    print(f"  resident after 64 MiB {seen['64M']:.0f} MiB, after 4 GiB {seen['4G']:.0f} MiB    {verdict(growth, FLAT, False)}")


def main() -> None:
    print("workspaces out and in")
    http = Http()
    tree(http, "small", SMALL)
    tree(http, "large", LARGE)
    memory(http)


main()
