"""A file of 600 MB up and down, against static file servers on the same machine: nginx both ways, and Python's own
http.server down. Every side is driven by curl, the file lies in the page cache."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from measure import KEY, URL, Http, percentile, show, verdict

SIZE, ROUNDS = 600_000_000, 7
NGINX = """
user root; daemon off; worker_processes 2; pid {here}/nginx.pid; error_log {here}/nginx.log;
events {{ worker_connections 64; }}
http {{
    access_log off; sendfile on; tcp_nopush on; client_max_body_size 0; client_body_temp_path {here}/incoming;
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {here}/served; dav_methods PUT; }}
    }}
}}
"""


def curl(*arguments: str) -> float:
    """Seconds."""
    os.sync()
    done = subprocess.run(
        ["curl", "-sS", "--fail", "-o", os.devnull, "-w", "%{time_total} %{size_upload} %{size_download}", *arguments],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    seconds, up, down = map(float, done.stdout.split())
    if max(up, down) < SIZE:
        raise RuntimeError(f"only {max(up, down):.0f} of {SIZE} bytes passed")
    return seconds


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def server(port: int, *command: str):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{command[0]} did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    print("600 MB up and down")
    if shutil.which("nginx") is None:
        print("  not measured: needs nginx (on Debian: apt-get install nginx-light)")
        return
    here = Path.cwd()
    served = here / "served"
    served.mkdir()
    block = os.urandom(1_000_000)
    with (served / "file").open("wb") as file:
        for _ in range(SIZE // len(block)):
            file.write(block)
    nginx_port, python_port = free_port(), free_port()
    (here / "nginx.conf").write_text(NGINX.format(here=here, port=nginx_port))
    http = Http()
    sandbox = http.create()
    ours = f"{URL}/v1/sandbox/{sandbox}/file/workspace/file"
    key = ("-H", f"Authorization: Bearer {KEY}")
    times: dict[str, list[float]] = {name: [] for name in ("up", "up nginx", "down", "down nginx", "down python")}
    try:
        with (
            server(nginx_port, "nginx", "-p", str(here), "-c", str(here / "nginx.conf")) as nginx,
            server(python_port, sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "-d", str(served),
                   str(python_port)) as python,
        ):
            for round_number in range(ROUNDS + 1):
                measured = {
                    "up": curl(*key, "-T", str(served / "file"), ours),
                    "up nginx": curl("-T", str(served / "file"), f"{nginx}/uploaded"),
                    "down": curl(*key, ours),
                    "down nginx": curl(f"{nginx}/file"),
                    "down python": curl(f"{python}/file"),
                }
                if round_number > 0:
                    for name, time_taken in measured.items():
                        times[name].append(time_taken)
        for ours_name, rivals in (("up", ["up nginx"]), ("down", ["down nginx", "down python"])):
            show(f"{ours_name}: the service", times[ours_name], "s ")
            for rival in rivals:
                show(rival.replace(" ", ": "), times[rival], "s ")
                ratio = percentile(times[rival], 50) / percentile(times[ours_name], 50)
                print(f"  {'our speed as a part of that':<58} p50 {ratio:9.2f}      {verdict(ratio, 0.7, True)}")
    finally:
        http.delete(sandbox)


main()
