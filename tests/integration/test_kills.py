"""SIGKILL of edge, broker and centre, again and again under load: nothing lost, nothing twice, everything verified."""
# test: tier=crash

import os
import random
import shutil
import subprocess
import time
import unittest

from tests.integration.house import BIN, House, wait_for
from tests.integration.model import Model, centre_ledger, centre_stock, differences, edge_stock, normal

SEED = int(os.environ.get("TILLWIRE_SEED", time.time_ns() % 1000000))
STORES, TRANSACTIONS, KILLS, KILLS_UNDER_WAY = 3, 40000, 54, 40
FEED_LINES = 400
GAP_TRANSACTIONS = 15000  # several windows of each store, so that the centre commits many times


class Feeder:
    """Appends a store's generated log to the one that the edge tails, in portions."""

    def __init__(self, source, target):
        self.lines = source.read_bytes().splitlines(keepends=True)
        self.target, self.at = target, 0

    def feed(self, lines):
        with open(self.target, "ab") as log:
            log.write(b"".join(self.lines[self.at:self.at + lines]))
        self.at += lines
        return self.at < len(self.lines)


def generate(house, transactions, seed, *words):
    out = house.folder / "generated"
    command = (house.programs["tillsim"], "generate", "--stores", STORES, "--transactions", transactions, "--seed", seed,
               "--format", "jsonl", "--out", out, *words)
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return out


class Checked(unittest.TestCase):
    def check(self, house, model, stores):
        house.wait_drained(stores, timeout_s=180)
        wrong = differences(model.stock, centre_stock(house.cloud_dir / "centre.db"), "centre's stock")
        wrong += differences(normal(model.ledger), normal(centre_ledger(house.cloud_dir / "centre.db")), "centre's ledger")
        for store in stores:
            self.assertEqual(house.edges[store].stop(), 0)
            mine = {key: value for key, value in model.stock.items() if key[0] == store}
            wrong += differences(mine, edge_stock(house.store_dir(store) / "state/ledger.db", store), f"{store}'s stock")
        self.assertEqual(wrong, [], "\n".join(wrong))


class Kills(Checked):
    def setUp(self):
        print(f"seed {SEED} (TILLWIRE_SEED replays it)", flush=True)
        self.random = random.Random(SEED)
        self.house = House()
        self.addCleanup(self.house.close)
        self.house.open()
        out = generate(self.house, TRANSACTIONS, SEED)
        self.model = Model(out / "model")
        self.stores = [f"S{n:03}" for n in range(1, STORES + 1)]
        self.feeders = []
        for store in self.stores:
            self.house.add_store(store)
            for log in sorted((out / store / "tlog").iterdir()):
                self.feeders.append(Feeder(log, self.house.store_dir(store) / "tlog" / log.name))
            self.house.start_edge(store)

    def outstanding(self):
        """Events that stand at a store and not yet at the centre, by the logs' own lines: fed − applied."""
        fed = sum(min(f.at, len(f.lines)) for f in self.feeders)
        applied = sum(row[0] for row in self.house.centre_sql("SELECT seq FROM store"))
        return fed - applied > STORES  # a store's first event is no transaction

    def kill_one(self):
        victim = self.random.choice(["edge", "edge", "broker", "cloud"])
        if victim == "broker":
            self.house.kill_broker()
            self.house.start_broker()
        elif victim == "cloud":
            self.house.cloud.kill()
            self.house.start_cloud()
        else:
            store = self.random.choice(self.stores)
            self.house.edges[store].kill()
            self.house.start_edge(store)
        return victim

    def test_kills_under_load(self):
        kills, under_way, by_victim = 0, 0, {}
        feeding = True
        while feeding or kills < KILLS:
            feeding = any([feeder.feed(self.random.randrange(1, FEED_LINES)) for feeder in self.feeders])
            pause_until = time.monotonic() + self.random.uniform(0.02, 0.25)
            wait_for("the moment to kill", lambda until=pause_until: time.monotonic() >= until, every_s=0.005)
            if kills < KILLS and self.random.random() < 0.7:
                under_way += self.outstanding()
                victim = self.kill_one()
                kills += 1
                by_victim[victim] = by_victim.get(victim, 0) + 1
        print(f"{kills} kills, {under_way} with unapplied events outstanding: {by_victim}", flush=True)
        self.house.wait_cloud()
        self.assertGreaterEqual(kills, 50)
        self.assertGreaterEqual(under_way, KILLS_UNDER_WAY)
        self.check(self.house, self.model, self.stores)


class NamedGaps(Checked):
    """Once in each gap between two durable steps, by programs whose mains wire in a failpoint."""

    def run_gap(self, edge_failpoint=None, cloud_failpoint=None):
        house = House()
        self.addCleanup(house.close)
        house.start_broker()
        if cloud_failpoint:
            house.start_cloud(BIN / "integration/cloud_failpoint", ["--failpoint", cloud_failpoint])
        else:
            house.start_cloud()
        house.wait_cloud()
        out = generate(house, GAP_TRANSACTIONS, SEED)
        stores = [f"S{n:03}" for n in range(1, STORES + 1)]
        for store in stores:
            house.add_store(store)
            shutil.copytree(out / store / "tlog", house.store_dir(store) / "tlog", dirs_exist_ok=True)
        for store in stores:  # all are enrolled: the centre may die from here on
            if edge_failpoint:
                house.start_edge(store, BIN / "integration/edge_failpoint", ["--failpoint", edge_failpoint])
            else:
                house.start_edge(store)
        victims = [house.edges[s] for s in stores] if edge_failpoint else [house.cloud]
        for victim in victims:
            wait_for(f"{victim.name} to die at its failpoint", lambda v=victim: not v.running())
            self.assertEqual(victim.child.returncode, -9, victim.text()[-500:])
        if edge_failpoint:
            for store in stores:
                house.start_edge(store)
        else:
            house.start_cloud()
            house.wait_cloud()
        self.check(house, Model(out / "model"), stores)

    def test_after_the_edges_commit(self):
        self.run_gap(edge_failpoint="after_commit:2")

    def test_after_publish(self):
        self.run_gap(edge_failpoint="after_publish:3")

    def test_after_the_centres_commit(self):
        self.run_gap(cloud_failpoint="after_commit:2")

    def test_before_its_ack(self):
        self.run_gap(cloud_failpoint="before_ack:2")


if __name__ == "__main__":
    unittest.main()
