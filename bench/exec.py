"""exec of `true` in a live sandbox over HTTP, against entering the same namespaces and control groups from a shell and
one empty call to the same server."""

from pathlib import Path

from measure import Http, Shell, compare, control_groups, host_process, needs_root, show, timed

WARM_UP, ROUNDS = 300, 400


def main() -> None:
    print("exec of true in a live sandbox")
    needs_root("entering a sandbox from outside")
    http = Http()
    sandbox = http.create()
    shell = Shell(Path(__file__).with_name("rival.sh"))
    try:
        process = host_process(sandbox, http)
        shell.run(f"target={process}")
        shell.run(f"groups=({' '.join(map(str, control_groups(process)))})")
        ours, entering, calls, bare = [], [], [], []
        for round_number in range(WARM_UP + ROUNDS):
            times = (
                timed(http.execute, sandbox, "true"),
                timed(shell.run, "enter true"),
                timed(http.health),
                timed(shell.run, "enter_namespaces true"),
            )
            if round_number >= WARM_UP:
                for collected, time in zip((ours, entering, calls, bare), times):
                    collected.append(time)
        compare(
            ("POST exec", ours),
            ("nsenter from a running shell + GET /health", [sum(pair) for pair in zip(entering, calls)]),
            1.5,
        )
        show("of which nsenter", entering)
        show("of which GET /health", calls)
        show("nsenter without joining the control groups", bare)
    finally:
        shell.close()
        http.delete(sandbox)


main()
