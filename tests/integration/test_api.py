"""The centre's HTTP API against its own openapi.json: every route, right and wrong, every body by its schema."""
# test: tier=spine

import concurrent.futures
import csv
import io
import json
import re
import unittest

from tests.integration.contract import FILES, OPEN, Contract, needed_scopes
from tests.integration.house import House

STORES = ("S001", "S002", "S003")
ITEM = "Milk, 1 l"  # needs quoting in CSV and escaping in a path


class Shared(unittest.TestCase):
    """One house with three stores, some stock, and a contract to ask through."""

    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        cls.house.open()
        for store in STORES:
            cls.house.add_store(store)
            for number in range(4):
                cls.house.tillsim("ring", "--dir", cls.house.folder / "stores", "--store", store, "--item", f"I{number:02}",
                                  "--quantity", number + 1)
        cls.house.tillsim("ring", "--dir", cls.house.folder / "stores", "--store", "S001", "--item", ITEM, "--quantity", "0.25",
                          "--uom", "KGM", "--description", 'Whole "fresh" milk')
        for store in STORES:
            cls.house.start_edge(store)
        cls.house.wait_drained()
        cls.contract = Contract(cls.house.api_port, cls.house.api.key)
        cls.call = cls.contract.call

    def problem(self, status, name, answer):
        self.assertEqual((answer.status, answer.body and answer.problem), (status, name), answer)


def example(template):
    return (template.replace("{store}", "S001").replace("{item}", "I00").replace("{file}", "index.html")
            .replace("{id}", "1"))


class Walk(Shared):
    """Every route of the document."""

    def test_every_route_without_a_key_or_with_a_wrong_one(self):
        wrong = "tw_" + "0" * 12 + "_" + "0" * 40
        for method, template in self.contract.operations:
            if (method, template) in OPEN:
                continue
            for key in (None, wrong, "tw_short", wrong.replace("0", "ä")[:20].encode().decode("latin-1")):
                with self.subTest(method=method, path=template, key=key):
                    answer = self.call(method, example(template), b"{}", key=key)
                    self.problem(401, "not-signed-in", answer)
                    self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def test_every_route_with_a_key_that_lacks_its_scope(self):
        scopes = ("stock:read", "reservations:write", "ops:read", "ops:write")
        for (method, template), operation in self.contract.operations.items():
            needed = needed_scopes(operation)
            if not needed:
                continue
            key = self.contract.make_key(" ".join(scope for scope in scopes if scope not in needed))
            with self.subTest(method=method, path=template):
                self.problem(403, "scope", self.call(method, example(template), b"{}", key=key))

    def test_every_route_refuses_a_parameter_it_does_not_know(self):
        for method, template in self.contract.operations:
            if template in FILES:
                continue
            with self.subTest(method=method, path=template):
                self.problem(400, "unknown-parameter", self.call(method, example(template) + "?nonsense=1", b"{}"))

    def test_every_route_bounds_its_body(self):
        for (method, template), operation in self.contract.operations.items():
            if template == "/v1/events" or template in FILES:
                continue
            size = 17 * 1024 * 1024 if template == "/v1/opening-stock" else 2 * 1024 * 1024
            query = "?as_of=2026-01-01T00:00:00Z" if template == "/v1/opening-stock" else ""
            with self.subTest(method=method, path=template):
                self.problem(413, "body-too-large", self.call(method, example(template) + query, b" " * size))

    def test_methods_that_a_path_does_not_know(self):
        for template, operations in self.contract.document["paths"].items():
            known = {method.upper() for method in operations}
            for method in {"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"} - known:
                with self.subTest(method=method, path=template):
                    answer = self.contract.raw(method, example(template))
                    self.assertEqual(answer.status, 405)
                    self.assertEqual(set(answer.headers["Allow"].split(", ")), known)

    def test_paths_that_are_not_there(self):
        for path in ("/v1", "/v1/nothing", "/v1/stores/S001/nothing", "/v2/stock", "/lib/", "/v1/stores/"):
            with self.subTest(path=path):
                self.problem(404, "not-found", self.contract.raw("GET", path))

    def test_every_reading_route_with_the_least_key_that_it_needs(self):
        for (method, template), operation in self.contract.operations.items():
            if method != "GET" or template in FILES or template == "/v1/events":
                continue
            needed = needed_scopes(operation)
            key = self.contract.make_key(" ".join(needed)) if needed else "admin"
            with self.subTest(path=template):
                answer = self.call("GET", example(template), key=key)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(answer.headers["Cache-Control"], "no-store")


class Wrong(Shared):
    """What cannot be meant is refused, with the reason."""

    def test_parameters(self):
        cases = ("/v1/stock?limit=0", "/v1/stock?limit=1001", "/v1/stock?limit=x", "/v1/stock?limit=", "/v1/stock?fresh=maybe",
                 "/v1/stock?min_available=1.23456", "/v1/stock?min_available=x", "/v1/stock?cursor=!!", "/v1/stock?cursor=AAAA",
                 "/v1/items?limit=-1", "/v1/items?cursor=****", "/v1/stores?limit=1e3", "/v1/stores?cursor=zz%20",
                 "/v1/stores?state=happy", "/v1/stores/S001/ledger?after=1", "/v1/stores/S001/ledger?after=a:b",
                 "/v1/stores/S001/ledger?after=99999999999:1", "/v1/stores/S001/ledger?order=sideways",
                 "/v1/stores/S001/ledger?limit=0", "/v1/stores/S001/commands?limit=1001", "/v1/alerts?open=perhaps",
                 "/v1/alerts?cursor=x", "/v1/dead?cursor=0", "/v1/dead?limit=99999999999999999999",
                 "/v1/stock?limit=%00", "/v1/stores/S001/ledger?after=1:18446744073709551616")
        for path in cases:
            with self.subTest(path=path):
                self.problem(400, "bad-parameter", self.call("GET", path))

    def test_ids_that_are_not_there(self):
        cases = (("GET", "/v1/items/none"), ("GET", "/v1/items/%25"), ("GET", "/v1/stores/S999"), ("GET", "/v1/stores/a%20b"),
                 ("GET", "/v1/stores/" + "x" * 33), ("GET", "/v1/stores/S999/proof"), ("GET", "/v1/stores/S999/ledger"),
                 ("GET", "/v1/stores/S999/commands"), ("GET", "/v1/stock?store=a!b"), ("PUT", "/v1/stores/a%20b"),
                 ("POST", "/v1/alerts/999999/acknowledge"), ("POST", "/v1/alerts/x/acknowledge"),
                 ("POST", "/v1/alerts/18446744073709551615/acknowledge"), ("DELETE", "/v1/keys/none"), ("GET", "/none.html"),
                 ("POST", "/v1/stores/S999/resync"))
        for method, path in cases:
            with self.subTest(method=method, path=path):
                answer = self.call(method, path, b"{}" if method in ("PUT", "POST") else None, headers={"Idempotency-Key": path})
                self.problem(404, "not-found", answer)

    def test_a_stock_query_tells_of_each_pair(self):
        pairs = [{"item": "I00", "store": "S001"}, {"item": "none", "store": "S001"}, {"item": "I00", "store": "S999"},
                 {"item": "I00", "store": "a b"}]
        answer = self.call("POST", "/v1/stock/query", {"pairs": pairs})
        self.assertEqual(answer.status, 200, answer)
        results = answer.body["results"]
        self.assertEqual([(r["item"], r["store"]) for r in results], [(p["item"], p["store"]) for p in pairs])
        self.assertEqual([r["stock"] is not None for r in results], [True, False, False, False])
        self.assertEqual([r["error"] is None for r in results], [True, False, False, False])
        self.assertEqual(self.call("POST", "/v1/stock/query", {"pairs": pairs[:1] * 1000}).status, 200)

    def test_bodies(self):
        pairs = [{"item": "I00", "store": "S001"}] * 1001
        cases = (("POST", "/v1/stock/query", b"", 400), ("POST", "/v1/stock/query", b"{", 400),
                 ("POST", "/v1/stock/query", b"[" * 100, 400), ("POST", "/v1/stock/query", b'{"pairs": 1}', 400),
                 ("POST", "/v1/stock/query", b'"\xff"', 400), ("POST", "/v1/stock/query", b"{}\0", 400),
                 ("POST", "/v1/stock/query", {"pairs": pairs}, 400), ("POST", "/v1/stock/query", {"pairs": [1]}, 422),
                 ("PUT", "/v1/stores/S001", b"{", 400), ("PUT", "/v1/stores/S001", b"[]", 422),
                 ("PUT", "/v1/stores/S001", {"stage": "open"}, 422), ("PUT", "/v1/stores/S001", {"stage": 1}, 422),
                 ("PUT", "/v1/stores/S001", {"name": "x" * 65}, 422), ("PUT", "/v1/stores/S001", {"time_zone": "x" * 65}, 422),
                 ("POST", "/v1/keys", b"{", 400), ("POST", "/v1/keys", {}, 422), ("POST", "/v1/keys", {"scopes": "root"}, 422),
                 ("POST", "/v1/keys", {"scopes": "admin", "stores": "S001"}, 422),
                 ("POST", "/v1/keys", {"scopes": "stock:read", "stores": "a,b"}, 422),
                 ("POST", "/v1/keys", {"scopes": "stock:read", "label": "x" * 65}, 422),
                 ("POST", "/v1/session", b"{", 400), ("POST", "/v1/session", {}, 401), ("POST", "/v1/session", {"key": "x"}, 401),
                 ("POST", "/v1/session", {"code": "0" * 32}, 401), ("POST", "/v1/backup", b"", 400),
                 ("POST", "/v1/backup", {}, 422), ("POST", "/v1/backup", {"path": "relative"}, 422),
                 ("POST", "/v1/backup", {"path": str(self.house.cloud_dir / "centre.db")}, 422))
        for method, path, body, status in cases:
            with self.subTest(method=method, path=path, body=str(body)[:60]):
                answer = self.call(method, path, body, headers={"Idempotency-Key": f"{path}{str(body)[:60]}"})
                self.assertEqual(answer.status, status, answer)

    def test_opening_stock(self):
        good = "?as_of=2026-01-01T00:00:00Z"
        head = "store,item,quantity\n"
        cases = (("", head + "S001,I00,1\n", 400), ("?as_of=yesterday", head, 400),
                 ("?as_of=2999-01-01T00:00:00Z", head + "S001,I00,1\n", 422), (good, "", 422), (good, head, 422),
                 (good, "store,item\nS001,I00\n", 422), (good, "store,item,quantity,price\n", 422),
                 (good, head + "S001,I00\n", 422), (good, head + "S001,I00,one\n", 422), (good, head + "S001,I00,1.00001\n", 422),
                 (good, head + "S001,,1\n", 422), (good, head + 'S001,"I00,1\n', 422), (good, head + "a b,I00,1\n", 422),
                 (good, head + "S001,I00,1\nS001,I00,2\n", 422), (good, head + "S999,I00,1\n", 422),
                 (good, head + f"S001,{'x' * 65},1\n", 422), (good, head + "S001,\x01\x00,1\n", 422))
        for query, text, status in cases:
            with self.subTest(query=query, text=text[:60]):
                answer = self.call("PUT", "/v1/opening-stock" + query, text.encode(), headers={"Content-Type": "text/csv"})
                self.assertEqual(answer.status, status, answer)

    def test_orders_need_an_idempotency_key(self):
        for path, body in (("/v1/keys", {"scopes": "stock:read"}), ("/v1/stores/S001/resync", {})):
            for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 129}):
                with self.subTest(path=path, headers=headers):
                    self.problem(400, "idempotency-key", self.call("POST", path, body, headers=headers))

    def test_an_order_sent_again_is_one_order(self):
        again = {"Idempotency-Key": "again"}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.call("POST", "/v1/stores/S003/resync", {}, headers=again), range(8)))
        self.assertEqual({(a.status, a.body["command"]) for a in answers}, {(202, answers[0].body["command"])})
        self.assertEqual(len(self.call("GET", "/v1/stores/S003/commands").body["data"]), 1)
        for path, body in (("/v1/stores/S003/resync", {"other": 1}), ("/v1/stores/S002/resync", {})):
            self.problem(422, "idempotency-key", self.call("POST", path, body, headers=again))
        made = {"Idempotency-Key": "made"}
        self.assertEqual(self.call("POST", "/v1/keys", {"scopes": "stock:read"}, headers=made).status, 201)
        self.problem(409, "already-made", self.call("POST", "/v1/keys", {"scopes": "stock:read"}, headers=made))
        self.problem(422, "idempotency-key", self.call("POST", "/v1/keys", {"scopes": "ops:read"}, headers=made))


class Keys(Shared):
    """Who may see and do what."""

    def test_a_key_limited_to_stores_sees_only_theirs(self):
        key = self.contract.make_key("stock:read ops:read ops:write", "S001 S003")
        stores = self.call("GET", "/v1/stores", key=key).body
        self.assertEqual(sorted(row["store"] for row in stores["data"]), ["S001", "S003"])
        self.assertEqual((sum(stores["counts"].values()), stores["unknown_stores"]), (2, []))
        item = self.call("GET", "/v1/items/I00", key=key).body
        self.assertEqual([row["store"] for row in item["stores"]], ["S001", "S003"])
        self.assertEqual((item["total"]["stores"], item["total"]["recorded"]), (2, -2))
        self.assertEqual({row["store"] for row in self.contract.pages("/v1/stock?store=S001&store=S003", key=key)[0]},
                         {"S001", "S003"})
        self.problem(400, "bad-parameter", self.call("GET", "/v1/stock?item=I00", key=key))
        hidden = self.call("POST", "/v1/stock/query", {"pairs": [{"item": "I00", "store": "S002"}]}, key=key).body
        self.assertIsNone(hidden["results"][0]["stock"])
        for method, path in (("GET", "/v1/stock?store=S001&store=S002"), ("GET", "/v1/stores/S002"), ("PUT", "/v1/stores/S002"),
                             ("GET", "/v1/stores/S002/ledger"), ("GET", "/v1/stores/S002/proof"),
                             ("GET", "/v1/stores/S002/commands"), ("POST", "/v1/stores/S002/resync")):
            with self.subTest(method=method, path=path):
                self.problem(403, "other-store", self.call(method, path, None if method == "GET" else b"{}", key=key))
        text = b"store,item,quantity\nS001,I00,1\nS002,I00,1\n"
        self.problem(403, "other-store", self.call("PUT", "/v1/opening-stock?as_of=2026-01-01T00:00:00Z", text, key=key))

    def test_an_item_that_only_other_stores_have(self):
        self.problem(404, "not-found", self.call("GET", "/v1/items/Milk%2C%201%20l",
                                                 key=self.contract.make_key("stock:read", "S002")))

    def test_a_key_is_listed_without_its_secret_and_ends(self):
        key = self.contract.make_key("ops:read", label="short-lived")
        row = next(row for row in self.call("GET", "/v1/keys").body["data"] if row["label"] == "short-lived")
        self.assertNotIn(key.rsplit("_", 1)[1], json.dumps(row))
        session = self.call("POST", "/v1/session", {"key": key}, key=None)
        cookie = {"Cookie": session.headers["Set-Cookie"].split(";")[0]}
        self.assertEqual(self.call("GET", "/v1/stores", key=None, headers=cookie).status, 200)
        self.assertEqual(self.call("DELETE", f"/v1/keys/{row['id']}").status, 204)
        self.problem(401, "not-signed-in", self.call("GET", "/v1/stores", key=key))
        self.problem(401, "not-signed-in", self.call("GET", "/v1/stores", key=None, headers=cookie))

    def test_sessions(self):
        code = self.call("POST", "/v1/login-codes", b"").body["code"]
        opened = self.call("POST", "/v1/session", {"code": code}, key=None)
        self.assertEqual(opened.status, 200, opened)
        self.assertRegex(opened.headers["Set-Cookie"],
                         r"^tillwire_session=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200$")
        self.problem(401, "not-signed-in", self.call("POST", "/v1/session", {"code": code}, key=None))
        cookie = {"Cookie": opened.headers["Set-Cookie"].split(";")[0]}
        shown = self.call("GET", "/v1/session", key=None, headers=cookie)
        self.assertEqual(shown.body["csrf"], opened.body["csrf"])
        self.problem(403, "csrf", self.call("DELETE", "/v1/session", key=None, headers=cookie))
        self.problem(403, "csrf", self.call("POST", "/v1/stores/S001/resync", {}, key=None,
                                            headers={**cookie, "X-CSRF-Token": "0" * 64, "Idempotency-Key": "c"}))
        self.problem(403, "scope", self.call("GET", "/v1/keys", key=None, headers=cookie))
        token = {**cookie, "X-CSRF-Token": opened.body["csrf"]}
        self.assertEqual(self.call("POST", "/v1/stores/S001/resync", {}, key=None,
                                   headers={**token, "Idempotency-Key": "c"}).status, 202)
        self.assertEqual(self.call("DELETE", "/v1/session", key=None, headers=token).status, 204)
        self.problem(401, "not-signed-in", self.call("GET", "/v1/session", key=None, headers=cookie))

    def test_too_many_requests(self):
        key = self.contract.make_key("stock:read")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.call("GET", "/v1/session", key=key, patience=False), range(900)))
        refused = [a for a in answers if a.status == 429]
        self.assertTrue(refused)
        self.assertEqual({a.status for a in answers}, {200, 429})
        for answer in refused:
            self.problem(429, "too-many-requests", answer)
            self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertRegex(answers[0].headers["RateLimit"], r"^limit=\d+, remaining=\d+, reset=\d+$")
        self.assertEqual(self.call("GET", "/healthz", key=None).status, 200)


class Lists(Shared):
    """Cursors, CSV, files, metrics."""

    def test_cursors_walk_every_row_exactly_once(self):
        for path, identity in (("/v1/stock", lambda r: (r["store"], r["item"])), ("/v1/items", lambda r: r["item"]),
                               ("/v1/stock?item=I00&item=I01&store=S001&store=S002", lambda r: (r["store"], r["item"])),
                               ("/v1/stores", lambda r: r["store"]), ("/v1/stores?q=s00", lambda r: r["store"])):
            whole, _ = self.contract.pages(path)
            self.assertTrue(whole)
            for limit in (1, 2, 3):
                with self.subTest(path=path, limit=limit):
                    rows, pages = self.contract.pages(f"{path}{'&' if '?' in path else '?'}limit={limit}")
                    self.assertEqual([identity(r) for r in rows], [identity(r) for r in whole])
                    self.assertEqual(len({identity(r) for r in rows}), len(rows))
                    self.assertEqual(pages, max(1, -(-len(rows) // limit)))

    def test_search(self):
        for q, found in (("I0", ["I00", "I01", "I02", "I03"]), ("fresh%20milk", [ITEM]), ("nothing", []), ("%22", []),
                         ("%25", []), ("*", [])):
            with self.subTest(q=q):
                self.assertEqual([r["item"] for r in self.contract.pages(f"/v1/items?q={q}")[0]], found)

    def test_the_ledger_is_gapless_and_resumes(self):
        whole, _ = self.contract.pages("/v1/stores/S001/ledger?limit=1000")
        places = [(e["generation"], e["seq"], e["line"]) for e in whole]
        self.assertEqual(places, sorted(set(places)))
        for order, want in (("oldest", places), ("newest", None)):
            rows, pages = self.contract.pages(f"/v1/stores/S001/ledger?limit=1&order={order}")
            self.assertEqual(sorted((e["generation"], e["seq"], e["line"]) for e in rows), places)
            self.assertEqual(pages, len({place[:2] for place in places}))
            if want:
                self.assertEqual([(e["generation"], e["seq"], e["line"]) for e in rows], want)
        middle = places[len(places) // 2]
        rest, _ = self.contract.pages(f"/v1/stores/S001/ledger?after={middle[0]}:{middle[1]}")
        self.assertEqual([(e["generation"], e["seq"], e["line"]) for e in rest], [p for p in places if p[:2] > middle[:2]])
        of_item, _ = self.contract.pages("/v1/stores/S001/ledger?item=I00")
        self.assertEqual(of_item, [e for e in whole if e["item"] == "I00"])

    def test_csv(self):
        answer = self.call("GET", "/v1/stock?store=S001&limit=2", headers={"Accept": "text/csv"})
        self.assertEqual(answer.type, "text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.data.decode())))
        link = re.fullmatch(r'<(\?[^>]*)>; rel="next"', answer.headers["Link"])[1]
        self.assertIn("store=S001&limit=2", link)
        while link:
            answer = self.call("GET", "/v1/stock" + link, headers={"Accept": "text/csv"})
            rows += csv.DictReader(io.StringIO(answer.data.decode()))
            link = answer.headers["Link"] and re.fullmatch(r'<(\?[^>]*)>; rel="next"', answer.headers["Link"])[1]
        whole, _ = self.contract.pages("/v1/stock?store=S001")
        self.assertEqual([(r["store"], r["item"], r["uom"], float(r["recorded"]), r["basis"]) for r in rows],
                         [(r["store"], r["item"], r["uom"], r["recorded"], r["basis"]) for r in whole])
        self.assertIn((ITEM, "KGM", "-0.25"), [(r["item"], r["uom"], r["recorded"]) for r in rows])

    def test_metrics(self):
        answer = self.call("GET", "/metrics")
        names, types = set(), {}
        for line in answer.data.decode().splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                types[name] = kind
            elif not line.startswith("# HELP "):
                self.assertRegex(line, r'^[a-z_]+(\{[a-z_]+="[^"]*"\})? (\d+(\.\d+)?(e[+-]?\d+)?)$')
                names.add(re.match("[a-z_]+", line)[0])
        for name in names:
            base = re.sub("_(bucket|count|sum)$", "", name)
            self.assertIn(base if types.get(base) == "histogram" else name, types)
        units = "_(total|seconds|bytes|events|records|stores|streams|numbers|ratio)$|^tillwire_stores$"
        for name, kind in types.items():
            self.assertRegex(name, units)
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            self.assertEqual(kind == "histogram" and {f"{name}_{part}" for part in ("bucket", "count")} - names,
                             set() if kind == "histogram" else False)

    def test_health(self):
        for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
            self.assertEqual(self.call("GET", path, key=None).body["status"], status)


if __name__ == "__main__":
    unittest.main()
