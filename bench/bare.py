"""What a program on a bare pseudo-terminal of this machine takes, without sandbox or service."""

import os
import select
import signal
import time
import tty

MIB = 1 << 20


def spawn(argv: list[str]) -> tuple[int, int]:
    """A program on a bare terminal: process and master."""
    master, slave = os.openpty()
    process = os.posix_spawnp(
        argv[0], argv, os.environ, setsid=True, setsigdef=[signal.SIGPIPE],
        file_actions=[(os.POSIX_SPAWN_DUP2, slave, number) for number in (0, 1, 2)],
    )
    os.close(slave)
    return process, master


def bare_true() -> None:
    process, master = spawn(["true"])
    try:
        os.read(master, 1)
    except OSError:
        pass    # the end of a terminal
    os.waitpid(process, 0)
    os.close(master)


def bare_echo(keys: int) -> list[float]:
    """Microseconds of each keystroke."""
    process, master = spawn(["cat"])
    tty.setraw(master)
    times = []
    for _ in range(keys):
        begun = time.perf_counter()
        os.write(master, b"k")
        select.select([master], [], [])
        os.read(master, 1)
        times.append((time.perf_counter() - begun) * 1e6)
    os.close(master)
    os.kill(process, 9)
    os.waitpid(process, 0)
    return times


def bare_pour() -> float:
    """MiB per second."""
    begun = time.perf_counter()
    process, master = spawn(["sh", "-c", "stty raw; yes 0123456789abcdef | head -c 52428800"])
    count = 0
    try:
        while data := os.read(master, 1 << 16):
            count += len(data)
    except OSError:
        pass
    os.waitpid(process, 0)
    os.close(master)
    if count != 50 * MIB:
        raise RuntimeError(f"{count} bytes came from a bare terminal")
    return 50 / (time.perf_counter() - begun)
