"""From a sale written to the log to its commit at the edge and at the centre: real processes, TLS, 20 stores.

The writer, the edges and the centre note moments of one clock (tests/bench/trace.h). A sale is durable at the edge with
the first commit whose newest event is at or after its own; likewise at the centre.
"""

import bisect
import os
import subprocess
import time

from tests.bench.figures import Figure, percentile
from tests.integration.house import BIN, House, wait_for

STORES = [f"S{n:03}" for n in range(1, 21)]
RATES = (1, 100, 1000)
FSYNCS = 500


class Traced(House):
    """Edges and a centre that note their commits."""

    def trace(self, name):
        return self.folder / f"{name}.trace"

    def open_traced(self):
        self.start_broker()
        self.start_cloud("/usr/bin/env", [f"TILLWIRE_TRACE={self.trace('centre')}",
                                          f"TILLWIRE_TRACE_DATABASE={self.cloud_dir}/centre.db", BIN / "bench/bench_cloud"])
        self.wait_cloud()
        for store in STORES:
            self.add_store(store)
            self.start_edge(store, BIN / "bench/bench_edge", environment={"TILLWIRE_TRACE": str(self.trace(store))})

    def applied(self):
        return {row["store"]: row["applied_seq"] for row in self.api.pages("/v1/stores?limit=1000")}

    def stop_all(self):
        for process in [*self.edges.values(), self.cloud]:
            if process.stop() != 0:
                raise AssertionError(f"{process.name}: {process.text()[-1000:]}")


class Commits:
    """What one part noted of one store: (seq, ns), both rising."""

    def __init__(self):
        self.seqs, self.times = [], []

    def add(self, ns, seq):
        self.seqs.append(seq)
        self.times.append(ns)

    def durable_at(self, seq):
        return self.times[bisect.bisect_left(self.seqs, seq)]


def read_trace(path):
    for line in path.read_text().splitlines():
        ns, store, seq = line.split()
        yield int(ns), store, int(seq)


def read_commits(house):
    edge, centre = {store: Commits() for store in STORES}, {store: Commits() for store in STORES}
    for store in STORES:
        for ns, _, seq in read_trace(house.trace(store)):
            edge[store].add(ns, seq)
    for ns, store, seq in read_trace(house.trace("centre")):
        centre[store].add(ns, seq)
    return edge, centre


def ring(house, rate, seconds, number):
    """One run. Returns (rate, each store's seq before it, what the writer noted)."""
    before = house.applied()
    noted = house.folder / f"sales-{rate}-{number}.trace"
    subprocess.run([BIN / "bench/bench_sales", house.folder / "stores", str(rate), str(seconds), str(number), *STORES], check=True,
                   env={**os.environ, "TILLWIRE_TRACE": str(noted)})
    sales = list(read_trace(noted))
    after = dict(before)
    for _, store, nth in sales:
        after[store] = before[store] + nth
    wait_for("the centre to have all sales", lambda: house.applied() == after, 60, 0.2)
    return rate, before, sales


def fsync_ms(folder):
    """(p50, p99) of 4 KiB appended and synced."""
    taken = []
    fd = os.open(folder / "fsync", os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(FSYNCS):
        began = time.monotonic_ns()
        os.write(fd, bytes(4096))
        os.fdatasync(fd)
        taken.append((time.monotonic_ns() - began) / 1e6)
    os.close(fd)
    return percentile(taken, 50), percentile(taken, 99)


def runs(options):
    """All rounds of all rates in one house. Returns {rate: [(edge ms, centre ms) a round]} and the raw figures a round."""
    house = Traced()
    done, raw = [], []
    number = 1
    try:
        house.open_traced()
        house.wait_drained(STORES)
        for _ in range(options.rounds):
            raw.append(fsync_ms(house.folder))
            for rate in RATES:
                seconds = max(2, options.seconds // options.shrink)
                done.append(ring(house, rate, seconds, number))
                number += rate * seconds
        house.stop_all()
        edge, centre = read_commits(house)
    finally:
        house.close()
    found = {rate: [] for rate in RATES}
    for rate, before, sales in done:
        found[rate].append(tuple([(part[store].durable_at(before[store] + nth) - ns) / 1e6 for ns, store, nth in sales]
                                 for part in (edge, centre)))
    return found, raw


def measure(options):
    found, raw = runs(options)
    for index, place, syncs in ((0, "at the edge", 1), (1, "at the centre", 2)):
        for rate in RATES:
            for share, column in ((50, 0), (99, 1)):
                yield Figure(f"sale written → durable {place}, {rate}/s, p{share}", "ms",
                             [percentile(rounds[index], share) for rounds in found[rate]],
                             [syncs * figures[column] for figures in raw],
                             f"{syncs} × 4 KiB fdatasync")
