"""Input that means harm or is broken: quarantined with its place, and the next record counts; no card number anywhere."""
# test: tier=spine parallel

import json
import re
import subprocess
import unittest

from tests.integration.house import House, wait_for

HUGE = 100 * 1024 * 1024


def sale(number, quantity="1", item="A1", store="S001"):
    return json.dumps({"RetailStoreID": store, "WorkstationID": "1", "SequenceNumber": number, "BusinessDayDate": "2026-11-20",
                       "EndDateTime": f"2026-11-20T10:{number % 60:02}:00", "RetailTransaction": {"LineItem": [
                           {"SequenceNumber": 1, "Sale": {"ItemID": item, "Quantity": quantity}}]}}).encode()


def xml_sale(number, quantity="1"):
    return (f"<Transaction><RetailStoreID>S002</RetailStoreID><WorkstationID>1</WorkstationID><SequenceNumber>{number}"
            f"</SequenceNumber><BusinessDayDate>2026-11-20</BusinessDayDate><EndDateTime>2026-11-20T10:00:00</EndDateTime>"
            f"<RetailTransaction><LineItem><SequenceNumber>1</SequenceNumber><Sale><ItemID>A1</ItemID>"
            f"<Quantity>{quantity}</Quantity></Sale></LineItem></RetailTransaction></Transaction>\n").encode()


class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.addClassCleanup(cls.house.close)
        cls.house.open()
        cls.house.add_store("S001")
        cls.house.add_store("S002", format="poslog", profile="standard")

    def feed(self, store, name, bad):
        """Writes good, bad, good, bad … good; returns the offsets of the bad ones."""
        good = sale if store == "S001" else xml_sale
        offsets, data = [], good(1) + (b"\n" if store == "S001" else b"")
        for number, record in enumerate(bad, 2):
            offsets.append(len(data))
            data += record + good(number) + (b"\n" if store == "S001" else b"")
        (self.house.store_dir(store) / "tlog" / name).write_bytes(data)
        self.house.start_edge(store)
        self.house.wait_drained([store], timeout_s=120)
        return offsets

    def check(self, store, name, offsets, good):
        rows = self.house.ctl_store(store, "quarantine", "--limit", "1000")
        self.assertEqual(sorted(int(row["offset"]) for row in rows), offsets)
        for row in rows:
            self.assertEqual(row["file"], name)
            self.assertTrue(row["error"])
        self.assertEqual(self.house.stock(store)[store, "A1"]["recorded"], -good)
        self.assertEqual(self.house.api.get(f"/v1/stores/{store}")["quarantined"], len(offsets))

    def test_json_lines(self):
        bad = [b"{not json}\n", sale(90, "1e308") + b"\n", sale(91, "1.23456") + b"\n", sale(92, "NaN") + b"\n",
               b"\xff\xfe{}\n", sale(93).replace(b"A1", b"A\xc3\x28") + b"\n", b"[" * 5000 + b"\n",
               sale(94).replace(b'"RetailStoreID": "S001", ', b"") + b"\n", sale(95, store="S777") + b"\n",
               b'{"RetailStoreID":"' + b"x" * HUGE + b'"}\n']
        offsets = self.feed("S001", "till.jsonl", bad)
        self.check("S001", "till.jsonl", offsets, len(bad) + 1)
        self.assertLess(self.house.edges["S001"].resident_kib("VmHWM"), 24 * 1024)

    def test_poslog(self):
        bomb = b'<Transaction><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><RetailStoreID>&b;</RetailStoreID></Transaction>\n'
        bad = [xml_sale(90).replace(b"</Sale>", b"</Sail>"), xml_sale(91, "1e308"), bomb,
               xml_sale(92).replace(b"A1", b"A\xc3\x28"), xml_sale(93).replace(b"<SequenceNumber>93</SequenceNumber>", b""),
               b"<Transaction>" + b"<a>" * 2000 + b"</a>" * 2000 + b"</Transaction>\n"]
        offsets = self.feed("S002", "till.xml", bad)
        self.check("S002", "till.xml", offsets, len(bad) + 1)


class Cards(unittest.TestCase):
    """10,000 synthetic card numbers in tender lines: none in any file, message or log that tillwire writes."""

    def test_none_is_kept(self):
        house = House()
        self.addCleanup(house.close)
        house.script("pki", "operator", house.pki, "watcher")
        house.script("broker", "config", house.broker_dir, "--pki", house.pki, "--store-port", house.store_port, "--centre-port",
                     house.centre_port)
        house.open()
        out = house.folder / "generated"
        subprocess.run([house.programs["tillsim"], "generate", "--stores", "2", "--transactions", "6000", "--seed", "5", "--format",
                        "mixed", "--cards", "--out", str(out)], check=True, capture_output=True)
        cards = {re.sub(r"\D", "", line) for line in (out / "cards.txt").read_text().splitlines()} - {""}
        self.assertGreaterEqual(len(cards), 10000)
        messages = house.folder / "messages.hex"
        with open(messages, "wb") as log:
            watcher = subprocess.Popen(
                ["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(house.centre_port), "--cafile", house.pki / "ca.pem",
                 "--cert", house.pki / "operator/watcher.pem", "--key", house.pki / "operator/watcher.key", "-i", "watcher",
                 "-t", "tillwire/v1/#", "-q", "0", "-F", "%x"], stdout=log)
        self.addCleanup(watcher.kill)
        for store, format, profile in (("S001", "jsonl", "standard"), ("S002", "poslog", "ncr-acs")):
            house.add_store(store, format=format, profile=profile, glob=out / store / "tlog" / "*",
                            extra='log_level = "debug"')
            house.start_edge(store)
        house.wait_drained(timeout_s=120)
        wait_for("the watcher to have seen the messages", lambda: messages.stat().st_size > 100000)
        watcher.kill()
        watcher.wait()
        searched, found = 0, []
        for path in house.folder.rglob("*"):
            if path.is_file() and out not in path.parents:
                data = path.read_bytes()
                data = bytes.fromhex(data.decode().replace("\n", "")) if path == messages else data
                searched += len(data)
                found += [f"{path.name}: {hit}" for hit in self.cards_in(data, cards)]
        self.assertGreater(searched, 1000000)
        self.assertEqual(found, [])
        every = b"".join(path.read_bytes() for path in out.rglob("tlog.*"))
        self.assertGreater(len(self.cards_in(every, cards)), 9000, "the search itself must find them where they are")

    @staticmethod
    def cards_in(data, cards):
        found = set()
        for run in re.finditer(rb"\d(?:[ ./-]?\d){12,}", data):
            digits = re.sub(rb"\D", b"", run.group()).decode()
            for size in range(13, 20):
                found |= {digits[at:at + size] for at in range(len(digits) - size + 1)} & cards
        return found


if __name__ == "__main__":
    unittest.main()
