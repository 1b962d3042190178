"""The centre's HTTP API under way: event streams, files, many clients during an ingest, backup and restore."""
# test: tier=later

import concurrent.futures
import http.client
import itertools
import json
import pathlib
import queue
import shutil
import subprocess
import threading
import time
import unittest

from tests.integration.contract import Contract
from tests.integration.house import ROOT, House, wait_for

CLIENTS = 16
HAMMER_S = 10


class Stream:
    """One event stream, read on a thread of its own."""

    def __init__(self, port, key, last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        self.connection.request("GET", "/v1/events", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.events, self.ended = queue.Queue(), threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        event = {}
        try:
            for line in self.answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    self.events.put((event.get("event"), event.get("id"), json.loads(event["data"])))
                    event = {}
        except (OSError, ValueError, AttributeError):
            pass
        self.ended.set()

    def next(self, *kinds, timeout_s=20):
        """The next event of these kinds (any, when none is named)."""
        until = time.monotonic() + timeout_s
        while True:
            event = self.events.get(timeout=max(0.01, until - time.monotonic()))
            if not kinds or event[0] in kinds:
                return event

    def close(self):
        if self.connection.sock:
            self.connection.sock.shutdown(2)
        self.connection.close()


class Shared(unittest.TestCase):
    stores = ("S001", "S002")
    web = False

    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        if cls.web:
            subprocess.run([ROOT / "scripts/web", cls.house.folder / "web"], check=True, stdin=subprocess.DEVNULL)
            cls.house.write_cloud_config(f'web_root = "{cls.house.folder}/web"\n')
        cls.house.open(cls.stores)
        for store in cls.stores:
            cls.ring(store, "A1")
        cls.house.wait_drained()
        cls.contract = Contract(cls.house.api_port, cls.house.api.key)
        cls.key = cls.house.api.key

    @classmethod
    def ring(cls, store, item, quantity=1):
        cls.house.tillsim("ring", "--dir", cls.house.folder / "stores", "--store", store, "--item", item, "--quantity", quantity)

    def stream(self, key=None, last_id=None):
        stream = Stream(self.house.api_port, key or self.key, last_id)
        self.addCleanup(stream.close)
        return stream


class Streams(Shared):
    def test_a_sale_is_told_with_its_stock(self):
        stream = self.stream()
        self.ring("S001", "A1", 2)
        kind, _, movement = stream.next("movement")
        self.assertEqual((movement["store"], movement["item"], movement["kind"], movement["quantity"]), ("S001", "A1", "sale", -2))
        kinds = {kind} | {stream.next()[0] for _ in range(4)}
        self.assertTrue(kinds & {"stock", "heartbeat"}, kinds)

    def test_a_stream_goes_on_where_it_stood(self):
        witness, stream = self.stream(), self.stream()
        self.ring("S001", "B1")
        _, place, _ = stream.next("movement")
        while witness.next("movement")[2]["item"] != "B1":
            pass
        stream.close()
        for number in range(5):
            self.ring("S001", f"B{number + 2}")
        want = [witness.next("movement")[1:] for _ in range(5)]
        again = self.stream(last_id=place)
        got = [again.next("movement", "reset")[1:] for _ in range(5)]
        self.assertEqual(got, want)
        self.assertEqual([m["item"] for _, m in got], ["B2", "B3", "B4", "B5", "B6"])

    def test_a_place_that_is_not_held_begins_with_a_reset(self):
        for place in ("7", "99999999999999999999", "x", "18446744073709551615"):
            with self.subTest(place=place):
                stream = self.stream(last_id=place)
                self.assertEqual(stream.next()[0], "reset")
                self.ring("S002", "C1")
                self.assertEqual(stream.next("movement")[2]["item"], "C1")

    def test_a_limited_key_hears_its_stores_only(self):
        stream = self.stream(self.contract.make_key("stock:read", "S002"))
        self.ring("S001", "D1")
        self.ring("S002", "D2")
        seen = []
        while not seen or seen[-1][2].get("item") != "D2" or seen[-1][0] != "movement":
            seen.append(stream.next())
        self.assertEqual({data["store"] for _, _, data in seen if "store" in data}, {"S002"})

    def test_an_idle_stream_hears_the_clock_and_the_end(self):
        stream = self.stream()
        self.assertIn("now", stream.next("clock")[2])
        self.house.cloud.stop()
        self.assertTrue(stream.ended.wait(10))
        self.house.start_cloud()
        self.house.wait_cloud()


class Files(Shared):
    web = True
    stores = ()

    def test_the_dashboard_and_its_headers(self):
        for path, kind in (("/", "text/html"), ("/index.html", "text/html"), ("/app.js", "text/javascript"),
                           ("/style.css", "text/css"), ("/icon.svg", "image/svg+xml"), ("/lib/htm.module.js", "text/javascript")):
            with self.subTest(path=path):
                answer = self.contract.raw("GET", path)
                self.assertEqual((answer.status, answer.type), (200, kind))
                self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
                self.assertNotIn("unsafe", answer.headers["Content-Security-Policy"])
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(answer.headers.get_all("Cache-Control"), ["no-cache"])
                same = self.contract.raw("GET", path, headers={"If-None-Match": answer.headers["ETag"]})
                self.assertEqual((same.status, same.data, same.headers.get_all("Cache-Control")), (304, b"", ["no-cache"]))

    def test_nothing_else_is_served(self):
        (self.house.folder / "secret.html").write_text("secret")
        (self.house.folder / "web/link.html").symlink_to(self.house.folder / "secret.html")
        for path in ("/../secret.html", "/..%2fsecret.html", "/%2e%2e/secret.html", "/link.html", "/lib/../index.html", "/lib",
                     "/.hidden.html", "/app.js%00.html", "//index.html", "/lib/%2e%2e%2findex.html"):
            with self.subTest(path=path):
                self.assertEqual(self.contract.raw("GET", path).status, 404)

    def test_a_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.house.api_port, timeout=10)
        connection.connect()
        first = connection.sock
        for path in ("/healthz", "/v1/stock", "/nothing", "/index.html", "/v1/items") * 20:
            connection.request("GET", path)
            connection.getresponse().read()
            self.assertIs(connection.sock, first)
        connection.close()


class Crowd(Shared):
    def hammer(self, until, key):
        paths = itertools.cycle(("/v1/stock?limit=100", "/v1/stock?item=A1&store=S001", "/v1/items?q=a", "/v1/stores",
                                 "/v1/stores/S001", "/v1/stores/S001/ledger?order=newest", "/v1/stores/S001/proof",
                                 "/v1/items/A1", "/metrics", "/v1/alerts"))
        statuses = {}
        connection = http.client.HTTPConnection("127.0.0.1", self.house.api_port, timeout=60)
        while time.monotonic() < until:
            connection.request("GET", next(paths), headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            answer.read()
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
        connection.close()
        return statuses

    def test_many_clients_while_stores_deliver(self):
        out = self.house.folder / "generated"
        self.house.tillsim("generate", "--stores", 2, "--transactions", 4000, "--seed", 5, "--format", "jsonl", "--out", out)
        keys = [self.contract.make_key("stock:read ops:read") for _ in range(CLIENTS)]
        streams = [self.stream() for _ in range(4)]
        until = time.monotonic() + HAMMER_S
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(self.hammer, until, key) for key in keys]
            for store in self.stores:
                for log in sorted((out / store / "tlog").iterdir()):
                    shutil.copy(log, self.house.store_dir(store) / "tlog" / f"bulk-{log.name}")
            total = {}
            for statuses in (future.result() for future in running):
                for status, count in statuses.items():
                    total[status] = total.get(status, 0) + count
        print(f"{CLIENTS} clients, {HAMMER_S} s: {total}", flush=True)
        self.assertLessEqual(set(total), {200, 429})
        self.assertGreater(total[200], CLIENTS * 10)
        self.house.wait_drained()
        self.assertTrue(all(not stream.ended.is_set() for stream in streams))


class Restore(Shared):
    def answers(self):
        stock = [{name: value for name, value in row.items() if name != "freshness"} for row in self.contract.pages("/v1/stock")[0]]
        ledgers = {store: self.contract.pages(f"/v1/stores/{store}/ledger?limit=1000")[0] for store in self.stores}
        return {"stock": stock, "ledgers": ledgers, "items": self.contract.pages("/v1/items")[0],
                "keys": self.contract.call("GET", "/v1/keys").body}

    def test_a_restored_centre_answers_as_before_and_is_caught_up(self):
        opening = "store,item,quantity\n" + "".join(f"{store},A1,10\n" for store in self.stores)
        ordered = self.contract.call("PUT", "/v1/opening-stock?as_of=2000-01-01T00:00:00Z", opening.encode())
        self.assertEqual(ordered.status, 202, ordered)
        wait_for("the openings", lambda: all(row["basis"] == "opening" for (_, item), row in self.house.stock().items() if item == "A1"))
        self.house.wait_drained()
        before = self.answers()
        backup = self.house.folder / "backup.db"
        made = self.contract.call("POST", "/v1/backup", {"path": str(backup)})
        self.assertEqual(made.status, 201, made)
        self.assertEqual(pathlib.Path(backup).stat().st_mode & 0o777, 0o600)
        for number in range(20):
            self.ring(self.stores[number % 2], f"E{number % 3}")
        self.house.wait_drained()
        after = self.answers()
        for store in self.stores:
            self.house.edges[store].signal(19)
        self.assertEqual(self.house.cloud.stop(), 0)
        for path in self.house.cloud_dir.glob("centre.db*"):
            path.unlink()
        shutil.copy(backup, self.house.cloud_dir / "centre.db")
        self.house.start_cloud()
        self.house.wait_cloud()
        self.assertEqual(self.answers(), before)
        for store in self.stores:
            self.house.edges[store].signal(18)
        self.house.wait_drained()
        wait_for("the newest sales", lambda: len(self.answers()["stock"]) == len(after["stock"]))
        caught_up = self.answers()
        moved = [[{name: value for name, value in entry.items() if name != "applied_at"} for entry in a["ledgers"][store]]
                 for a in (after, caught_up) for store in self.stores]
        self.assertEqual(moved[:2], moved[2:])
        self.assertEqual([(r["store"], r["item"], r["on_hand"], r["recorded"]) for r in after["stock"]],
                         [(r["store"], r["item"], r["on_hand"], r["recorded"]) for r in caught_up["stock"]])


if __name__ == "__main__":
    unittest.main()
