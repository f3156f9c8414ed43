"""A hundred creates at once, each with a first command: all must succeed."""

import threading
import time

from measure import Http, show, timed

COUNT = 100


def main() -> None:
    print(f"{COUNT} creates at once, a first true in each, {COUNT} deletes at once")
    clients = [Http() for _ in range(COUNT)]
    ids: list[str] = [""] * COUNT
    failures: list[str] = []

    def at_once(name: str, action) -> None:
        times: list[float] = []
        start = threading.Barrier(COUNT + 1)

        def one(number: int) -> None:
            start.wait()
            try:
                times.append(timed(action, number))
            except Exception as failure:
                failures.append(f"{name}: {failure}")

        threads = [threading.Thread(target=one, args=(number,)) for number in range(COUNT)]
        for thread in threads:
            thread.start()
        start.wait()
        begun = time.perf_counter()
        for thread in threads:
            thread.join()
        if times:
            show(f"{name}: {len(times)} of {COUNT} in {time.perf_counter() - begun:.2f} s", times)

    def create(number: int) -> None:
        ids[number] = clients[number].create()

    at_once("create", create)
    at_once("exec true", lambda number: clients[number].execute(ids[number], "true"))
    at_once("exec true again", lambda number: clients[number].execute(ids[number], "true"))
    at_once("delete", lambda number: clients[number].delete(ids[number]))
    for failure in failures[:5]:
        print(f"  {failure}")
    assert len(set(ids)) == COUNT and not failures, f"{len(failures)} failures"
    print("  all succeeded")


main()
