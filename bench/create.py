"""create and a first `true`, against a shell script that does the same steps with bubblewrap and two empty calls to the
same server."""

import os
import shutil
import subprocess
from pathlib import Path

from measure import Http, Shell, compare, control_groups, host_process, needs_root, show, timed

WARM_UP, ROUNDS = 15, 60
LIMITS = [
    "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "pids.max", "cpu.cfs_period_us", "cpu.cfs_quota_us",
    "memory.max", "memory.swap.max", "cpu.max",
]
RESOURCES = Path(__file__).resolve().parent.parent / "src/main/resources/dev/sandbridge/provider/local"


def like(sandbox: str, http: Http) -> dict[str, str]:
    """What the rival needs to make a sandbox like that one: groups and limits, ids, disk, tree, system call filter."""
    process = host_process(sandbox, http)
    groups = control_groups(process)
    mine = {group: group.parent.with_name("sandbridge-bench-rival") for group in groups}
    settings = [
        f"{mine[group]}/{name} {(group / name).read_text().strip()}"
        for group in groups for name in LIMITS if (group / name).exists()
    ]
    disk = Path("template.img").resolve()
    size = os.statvfs(f"/proc/{process}/root").f_frsize * os.statvfs(f"/proc/{process}/root").f_blocks
    with disk.open("wb") as file:
        file.truncate(size)
    subprocess.run(
        ["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", str(disk)],
        check=True,
    )
    skeleton = Path("skeleton").resolve()
    skeleton.mkdir()
    subprocess.run(
        ["cp", "-a", "-x", "--", *(f"/proc/{process}/root/{name}" for name in os.listdir(f"/proc/{process}/root")
                                   if name not in ("usr", "proc", "dev", "run")), str(skeleton)],
        check=True,
    )
    for name in ("usr", "proc", "dev", "run"):
        (skeleton / name).mkdir(exist_ok=True)
    seccomp = Path("filter").resolve()
    parts = ";".join(f"require '{RESOURCES / part}'" for part in ("kernel.pl", "seccomp.pl"))
    with seccomp.open("wb") as file:
        subprocess.run(["perl", "-e", f"{parts}; print seccomp_filter($main::AARCH64)"], stdout=file, check=True)
    base = Path(f"/proc/{process}/uid_map").read_text().split()[1]
    return {
        "groups": f"({' '.join(map(str, mine.values()))})", "settings": "'" + "\n".join(settings) + "'", "base": base,
        "template": str(disk), "skeleton": str(skeleton), "filter": str(seccomp),
    }


def create_and_run(http: Http, made: list[str]) -> None:
    made.append(http.create())
    http.execute(made[-1], "true")


def main() -> None:
    print("create and a first true")
    needs_root("making the same sandbox from a shell")
    http = Http()
    model = http.create()
    shell = Shell(Path(__file__).with_name("rival.sh"))
    try:
        for name, value in like(model, http).items():
            shell.run(f"{name}={value}")
        ours, making, calls = [], [], []
        for round_number in range(WARM_UP + ROUNDS):
            made: list[str] = []
            directory = Path("rival").resolve()
            times = (
                timed(create_and_run, http, made),
                timed(shell.run, f"create {directory} true"),
                timed(http.health) + timed(http.health),
            )
            http.delete(made[0])
            shell.run(f"remove {directory}")
            if round_number >= WARM_UP:
                for collected, time in zip((ours, making, calls), times):
                    collected.append(time)
        compare(
            ("POST sandbox, POST exec", ours),
            ("shell script with bubblewrap + 2 x GET /health", [sum(pair) for pair in zip(making, calls)]),
            1.5,
        )
        show("of which the script", making)
    finally:
        shell.close()
        http.delete(model)
        shutil.rmtree("skeleton", ignore_errors=True)


main()
