"""tillctl: every verb at the store and at the centre, right and wrong, on a terminal's terms and as JSON."""
# test: tier=spine

import datetime
import decimal
import json
import subprocess
import tarfile
import unittest

from tests.integration.house import BIN, SAMPLES, House, free_port, wait_for

OK, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3
ACS = SAMPLES / "poslog-ncr-acs-v2.1"


class Shared(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        cls.house.open(["S001"])
        (cls.house.store_dir("S001") / "tlog/broken.jsonl").write_text("{broken\n")
        for sequence in ("1", "4"):
            cls.house.tillsim("ring", "--dir", cls.house.folder / "stores", "--store", "S001", "--item", f"A{sequence}",
                              "--quantity", sequence, "--description", "Oat milk")
        cls.house.wait_drained()

    def run_ctl(self, code, *words, environment=None):
        """stdout, or stderr when it fails, after the exit code was held to be `code`."""
        done = self.house.tillctl(*words, check=False, given=environment)
        self.assertEqual(done.returncode, code, f"tillctl {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        if code != OK:
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, r"^tillctl: \S")
        return done.stdout if code == OK else done.stderr

    def json_of(self, *words):
        return [json.loads(line) for line in self.run_ctl(OK, *words, "--json").splitlines()]


class AtTheStore(Shared):
    def store(self, code, *words):
        return self.run_ctl(code, "--socket", self.house.store_dir("S001") / "state/control.sock", *words)

    def test_every_verb(self):
        for words, told in ((["status"], "S001"), (["stock"], "A1"), (["stock", "A4"], "A4"), (["ledger"], "transaction"),
                            (["ledger", "--item", "A1", "--limit", "1"], "transaction"), (["ledger", "--from", "1"], "SEQ"),
                            (["sources"], "pos"), (["gaps"], "no transaction number is missing"), (["quarantine"], "broken.jsonl"),
                            (["quarantine", "--id", "1"], "broken.jsonl")):
            with self.subTest(words=words):
                self.assertIn(told, self.store(OK, *words))
                for line in self.store(OK, *words, "--json").splitlines():
                    self.assertIsInstance(json.loads(line), dict)

    def test_only_what_was_asked_for(self):
        self.assertNotIn("A1", self.store(OK, "stock", "A4"))
        row = json.loads(self.store(OK, "stock", "A4", "--json"))
        self.assertEqual((row["item"], row["recorded"], row["on_hand"]), ("A4", "-4", None))

    def test_used_wrongly(self):
        for words in (["stock", "A1", "A2"], ["ledger", "--from", "x"], ["ledger", "--from"], ["quarantine", "--nothing"],
                      ["stock", "--limit", "100001"], ["stock", "x" * 65], ["nothing"], [""]):
            with self.subTest(words=words):
                self.store(USAGE, *words)

    def test_nobody_there(self):
        told = self.run_ctl(UNREACHABLE, "--socket", self.house.folder / "none.sock", "status")
        self.assertIn("is tillwire-edge running?", told)
        self.run_ctl(UNREACHABLE, "--socket", "/" + "x" * 200, "status")


class AtTheCentre(Shared):
    def test_every_reading_verb(self):
        for words, told in ((["stores"], "S001"), (["stores", "--state", "down"], "no store"), (["stores", "--q", "s0"], "S001"),
                            (["store", "show", "S001"], "freshness.state"), (["stock", "--store", "S001"], "A4"),
                            (["stock", "--item", "A1"], "Oat milk"), (["stock", "--item", "none"], "no such stock"),
                            (["items"], "A1"), (["items", "oat milk"], "A4"), (["ledger", "S001"], "sale"),
                            (["ledger", "S001", "--item", "A1", "--after", "1:0"], "A1"), (["proof", "S001"], "centre_digest"),
                            (["commands", "S001"], "KIND"), (["alerts"], "no alert"), (["alerts", "--all"], ""),
                            (["dead"], ""), (["keys"], "SCOPES")):
            if words[0] == "commands":
                self.run_ctl(OK, "resync", "S001")
            with self.subTest(words=words):
                self.assertIn(told, self.run_ctl(OK, *words))
                self.assertEqual(len(self.json_of(*words)), 1)

    def test_orders(self):
        self.assertRegex(self.json_of("resync", "S001")[0]["command"], "^[0-9a-f]{16}$")
        self.run_ctl(OK, "store", "stage", "S001", "shadow")
        self.assertEqual(self.json_of("store", "show", "S001")[0]["stage"], "shadow")
        self.run_ctl(OK, "store", "stage", "S001", "live")
        wait_for("the repair", lambda: self.house.api.get("/v1/stores/S001/commands")["data"][0]["state"] == "done")
        as_of = datetime.datetime.now(datetime.timezone.utc).isoformat()
        opening = self.house.folder / "opening.csv"
        opening.write_text("store,item,quantity\nS001,A1,10.5\n")
        answer = self.json_of("opening-stock", opening, "--as-of", as_of)[0]
        self.assertEqual((answer["rows"], answer["stores"], answer["commands"]), (1, 1, 1))
        wait_for("the opening", lambda: self.house.stock("S001")["S001", "A1"]["on_hand"] == 10.5)
        self.assertRegex(self.json_of("sign-in")[0]["code"], "^[0-9a-f]{32}$")
        backup = self.house.folder / "backup.db"
        self.run_ctl(OK, "backup", backup)
        self.assertTrue(backup.exists())
        self.assertIn("never overwrites", self.run_ctl(FAILED, "backup", backup))

    def test_a_key_from_its_making_to_its_end(self):
        made = self.json_of("key", "make", "--scopes", "ops:read", "--stores", "S001", "--label", "reader")[0]
        environment = {"TILLWIRE_KEY": made["key"]}
        self.assertIn("S001", self.run_ctl(OK, "stores", environment=environment))
        self.assertIn("scope", self.run_ctl(FAILED, "stock", environment=environment))
        self.run_ctl(OK, "key", "revoke", made["id"])
        self.assertIn("401", self.run_ctl(FAILED, "stores", environment=environment))

    def test_refused(self):
        for words in (["store", "show", "S999"], ["ledger", "S999"], ["proof", "a b"], ["resync", "S999"],
                      ["stores", "--state", "happy"], ["store", "stage", "S001", "open"], ["key", "revoke", "none"],
                      ["key", "make", "--scopes", "root"], ["key", "make"], ["ledger", "S001", "--after", "x"],
                      ["backup", "relative"]):
            with self.subTest(words=words):
                self.assertIn("the centre answered", self.run_ctl(FAILED, *words))

    def test_used_wrongly(self):
        for words in (["store", "show"], ["store"], ["proof", "S001", "S002"], ["stores", "--nothing"], ["stores", "--q"],
                      ["opening-stock", "/nowhere.csv", "--as-of", "2000-01-01T00:00:00Z"], ["opening-stock", "/dev/null"],
                      ["store", "add", "S 1"], ["store", "add", "S002"], ["--centre"]):
            with self.subTest(words=words):
                self.run_ctl(USAGE, *words)

    def test_nobody_there(self):
        self.run_ctl(UNREACHABLE, "--centre", f"http://127.0.0.1:{free_port()}", "stores")
        self.run_ctl(UNREACHABLE, "--centre", "ftp://127.0.0.1", "stores")

    def test_store_add_makes_a_bundle_that_works(self):
        out = self.house.folder / "bundles"
        out.mkdir()
        told = self.run_ctl(OK, "store", "add", "S014", "--pki", self.house.pki, "--out", out, "--broker",
                            f"127.0.0.1:{self.house.store_port}", "--name", "Corner shop", "--time-zone", "Europe/Berlin",
                            "--stage", "live")
        archive = out / "S014.tar.gz"
        self.assertIn(str(archive), told)
        self.assertEqual(archive.stat().st_mode & 0o777, 0o600)
        with tarfile.open(archive) as bundle:
            self.assertEqual(sorted(bundle.getnames()),
                             ["S014", "S014/ca.pem", "S014/edge.conf", "S014/store.key", "S014/store.pem"])
            self.assertEqual(bundle.getmember("S014/store.key").mode & 0o777, 0o600)
            bundle.extractall(self.house.folder / "etc")
        folder, state = self.house.folder / "etc/S014", self.house.folder / "state14"
        config = folder / "edge.conf"
        state.mkdir()
        (self.house.folder / "tlog14").mkdir()
        config.write_text(config.read_text().replace("/var/lib/tillwire/tlog", str(self.house.folder / "tlog14"))
                          .replace("/var/lib/tillwire", str(state)).replace("/etc/tillwire", str(folder)))
        subprocess.run([self.house.programs["edge"], "--check-config", "--config", config], check=True, capture_output=True)
        row = self.json_of("store", "show", "S014")[0]
        self.assertEqual((row["name"], row["stage"], row["time_zone"]), ("Corner shop", "live", "Europe/Berlin"))
        edge = self.house.start_process("edge-S014", [self.house.programs["edge"], "--config", config])
        wait_for("it to be fresh", lambda: self.house.api.get("/v1/stores/S014")["freshness"]["state"] == "fresh")
        edge.stop()


class Anywhere(unittest.TestCase):
    def run_ctl(self, *words):
        return subprocess.run([BIN / "tillctl", *map(str, words)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def test_help_and_version(self):
        for words, code in ((["--help"], OK), (["-h"], OK), ([], USAGE)):
            done = self.run_ctl(*words)
            self.assertEqual((done.returncode, done.stderr), (code, ""))
            self.assertIn("Exit codes", done.stdout)
            self.assertLessEqual(max(len(line) for line in done.stdout.splitlines()), 130)
        self.assertRegex(self.run_ctl("--version").stdout, r"^tillctl \d")
        self.assertEqual(self.run_ctl("stores").returncode, USAGE)

    def explained(self, file, *words):
        done = self.run_ctl("tlog", "explain", file, "--json", *words)
        self.assertEqual(done.returncode, OK, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_explain_gives_the_known_totals(self):
        for name, file in (("POSLog", "POSLog.redacted.xml"), ("SMALL", "SMALL.xml")):
            with self.subTest(file=file):
                want = {}
                for line in (SAMPLES / f"expected/poslog-ncr-acs-v2.1.{name}.tsv").read_text().splitlines():
                    if line and not line.startswith("#"):
                        item, delta = line.split("\t")
                        want[item] = decimal.Decimal(delta)
                summary = self.explained(ACS / file)[-1]["summary"]
                self.assertEqual({t["item"]: decimal.Decimal(t["quantity"]) for t in summary["totals"]}, want)
                self.assertEqual({t["store"] for t in summary["totals"]}, {"9"})

    def test_explain_counts_and_shapes(self):
        rows = self.explained(ACS / "POSLog.redacted.xml")
        summary = rows.pop()["summary"]
        self.assertEqual(set(summary), {"transactions", "counted", "ignored", "quarantined", "duplicates", "totals"})
        self.assertEqual([summary[k] for k in ("transactions", "counted", "ignored", "quarantined", "duplicates")], [51, 42, 9, 0, 0])
        self.assertEqual(len(rows), 51)
        sums = {}
        for row in rows:
            self.assertLessEqual({"store", "workstation", "business_day", "sequence", "status", "verdict", "reason", "movements",
                                  "file", "line"}, set(row), row)
            self.assertIn(row["verdict"], ("counted", "ignored", "quarantined", "duplicate"))
            for movement in row["movements"]:
                self.assertLessEqual({"item", "kind", "location", "quantity", "uom"}, set(movement))
                self.assertIsInstance(movement["quantity"], str)
                key = row["store"], movement["item"], movement["location"], movement["uom"]
                sums[key] = sums.get(key, 0) + decimal.Decimal(movement["quantity"])
        totals = {(t["store"], t["item"], t["location"], t["uom"]): decimal.Decimal(t["quantity"]) for t in summary["totals"]}
        self.assertEqual(sums, totals)

    def test_explain_of_what_is_not_there(self):
        self.assertEqual(self.run_ctl("tlog", "explain", "/nowhere.xml").returncode, USAGE)
        self.assertEqual(self.run_ctl("tlog", "explain").returncode, USAGE)
        self.assertEqual(self.run_ctl("tlog", "explain", ACS / "SMALL.xml", "--profile", "none").returncode, USAGE)


if __name__ == "__main__":
    unittest.main()
