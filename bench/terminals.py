"""Terminals at the provider (Terminals.java), against a bare pseudo-terminal of this machine and entering the same
sandbox from a shell."""

import os
import subprocess
import sys
from pathlib import Path

from bare import MIB, bare_echo, bare_pour, bare_true
from measure import (
    Http, Shell, compare, control_groups, host_process, java_process, needs_root, percentile, show, timed, verdict,
)

ROOT = Path(__file__).resolve().parent.parent
WARM_UP, ROUNDS, KEYS = 200, 300, 2000
IDLE = [int(count) for count in os.environ.get("TERMINALS_IDLE", "500 2000").split()]
POUR = int(os.environ.get("TERMINALS_POUR", "50"))
CHURN = int(os.environ.get("TERMINALS_CHURN", "10000"))


class Provider:
    """A JVM with the service's own provider in it, told one thing at a time."""

    def __init__(self) -> None:
        application = ROOT / "target/app" / (ROOT / "target/app/current").read_text().strip()
        classes = next(application.glob("app/*.jar"))
        java = [os.readlink(f"/proc/{java_process()}/exe"), "-Xmx256m", "--enable-native-access=ALL-UNNAMED"]
        source = str(Path(__file__).with_name("Terminals.java"))
        self._java = subprocess.Popen(
            [*java, "-cp", str(classes), source, str(Path.cwd() / "terminals")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )

    def ask(self, line: str) -> list[float]:
        self._java.stdin.write(line + "\n")
        answer = self._java.stdout.readline()
        if not answer:
            raise RuntimeError(f"the provider ended at {line}")
        return [float(word) for word in answer.split()]

    def close(self) -> None:
        self._java.stdin.close()
        self._java.wait()


def opening(provider: Provider) -> None:
    http = Http()
    sandbox = http.create()
    shell = Shell(Path(__file__).with_name("rival.sh"))
    try:
        process = host_process(sandbox, http)
        shell.run(f"target={process}")
        shell.run(f"groups=({' '.join(map(str, control_groups(process)))})")
        ours, bare, entering = [], [], []
        for number in range(WARM_UP + ROUNDS):
            times = (provider.ask("open")[0], timed(bare_true), timed(shell.run, "enter true"))
            if number >= WARM_UP:
                for collected, taken in zip((ours, bare, entering), times):
                    collected.append(taken)
        rival = [sum(pair) for pair in zip(bare, entering)]
        compare(("open a terminal, true, its end", ours), ("bare terminal + nsenter from a running shell", rival), 1.5)
        show("of which bare terminal", bare)
        show("of which nsenter", entering)
    finally:
        shell.close()
        http.delete(sandbox)


def main() -> None:
    print("terminals at the provider")
    needs_root("entering a sandbox from outside")
    provider = Provider()
    try:
        opening(provider)
        provider.ask(f"echo {KEYS}")
        ours, bare = provider.ask(f"echo {KEYS}"), bare_echo(KEYS)
        show("echo of a key", ours, "us")
        show("the same on a bare terminal", bare, "us")
        added = (percentile(ours, 50) - percentile(bare, 50)) / 1000
        print(f"  {'added by the provider':<58} p50 {added:9.3f} ms   {verdict(added, 1, False)}", flush=True)
        for count in IDLE:
            heap, resident, threads = provider.ask(f"idle {count}")
            print(
                f"  {count} idle: heap {heap / count / 1024:.1f} KiB, resident {resident / count / 1024:.1f} KiB each,"
                f" {threads:.0f} threads more", flush=True,
            )
        rival = bare_pour()
        taken, grown = provider.ask(f"pour {POUR}")
        speed = POUR * 50 / (taken / 1000)
        print(
            f"  {POUR} x 50 MiB at once, every byte in order: {speed:.0f} MiB/s, one bare terminal {rival:.0f} MiB/s,"
            f" ratio {speed / rival:.2f}; heap grew by {grown / MIB:.1f} MiB", flush=True,
        )
        taken, *more = provider.ask(f"churn {CHURN}")
        print(
            f"  {CHURN} opened and closed, {taken / CHURN:.2f} ms each: descriptors {more[0]:+.0f}, threads {more[1]:+.0f},"
            f" processes {more[2]:+.0f}", flush=True,
        )
        if more[0] > 0 or more[1] > 0 or more[2] > 0:
            sys.exit("something leaks")
    finally:
        provider.close()


main()
