"""scripts/pki: what a certificate says, who may have one, and that nothing is made twice."""
# test: tier=static parallel

import pathlib
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words, text=None):
    return subprocess.run([str(word) for word in words], input=text or "", capture_output=True, text=True, timeout=120,
                          check=False)


class Pki(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tillwire-pki-")
        cls.addClassCleanup(folder.cleanup)
        cls.dir = pathlib.Path(folder.name, "pki")
        assert run(ROOT / "scripts/pki", "init", cls.dir).returncode == 0

    def pki(self, command, *words, options=(), text=None):
        result = run(ROOT / "scripts/pki", *options, command, self.dir, *words, text=text)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def refused(self, words, *command, text=None):
        result = run(ROOT / "scripts/pki", command[0], self.dir, *command[1:], text=text)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(words, result.stderr)

    def describe(self, name):
        return run("openssl", "x509", "-noout", "-text", "-in", self.dir / f"{name}.pem").stdout

    def verifies(self, name, authority, purpose):
        return run("openssl", "verify", "-CAfile", self.dir / f"{authority}.pem", "-crl_check", "-CRLfile",
                   self.dir / {"ca": "crl.pem", "centre-ca": "centre-crl.pem"}[authority], "-purpose", purpose,
                   self.dir / f"{name}.pem").returncode == 0

    def test_each_kind_has_its_authority_and_purpose(self):
        self.pki("store", "A1")
        self.pki("centre", "A2")
        self.pki("operator", "A3")
        self.pki("broker", "broker.example", "192.0.2.7", "2001:db8::7")
        for name, authority in (("store/A1", "ca"), ("centre/A2", "centre-ca"), ("operator/A3", "centre-ca")):
            other = {"ca": "centre-ca", "centre-ca": "ca"}[authority]
            self.assertTrue(self.verifies(name, authority, "sslclient"))
            self.assertFalse(self.verifies(name, authority, "sslserver"))
            self.assertFalse(self.verifies(name, other, "sslclient"))
            kind, common_name = name.split("/")
            self.assertIn(f"OU = {kind}, CN = {common_name}\n", self.describe(name))
        self.assertTrue(self.verifies("broker/broker", "ca", "sslserver"))
        self.assertFalse(self.verifies("broker/broker", "ca", "sslclient"))
        for name in ("DNS:localhost", "DNS:broker.example", "IP Address:192.0.2.7", "IP Address:2001:DB8:0:0:0:0:0:7"):
            self.assertIn(name, self.describe("broker/broker"))
        self.assertIn("prime256v1", self.describe("store/A1"))

    def test_keys_are_for_their_owner_alone(self):
        self.pki("store", "B1")
        keys = list(self.dir.rglob("*.key"))
        self.assertGreaterEqual(len(keys), 3)
        self.assertEqual({path.stat().st_mode & 0o777 for path in keys}, {0o600})

    def test_what_is_there_is_kept_unless_renewed(self):
        self.pki("store", "C1")
        before = [(self.dir / f"store/C1.{end}").read_bytes() for end in ("pem", "key")]
        authority = (self.dir / "ca.pem").read_bytes()
        self.pki("init")
        self.pki("store", "C1")
        self.assertEqual([(self.dir / f"store/C1.{end}").read_bytes() for end in ("pem", "key")], before)
        self.assertEqual((self.dir / "ca.pem").read_bytes(), authority)
        self.pki("store", "C1", options=["--renew"])
        after = [(self.dir / f"store/C1.{end}").read_bytes() for end in ("pem", "key")]
        self.assertTrue(before[0] != after[0] and before[1] != after[1])
        self.assertTrue(self.verifies("store/C1", "ca", "sslclient"))

    def test_names_that_could_widen_a_topic_are_refused(self):
        for name in ("a+b", "#", "a/b", "", "x" * 33, "a b", "ä", ".", "a\nb"):
            self.refused("cannot be a name", "store", name)
        self.refused("cannot be a name", "stores", text="D1\nD+2\n")
        self.assertFalse((self.dir / "store/D1.pem").exists())
        self.pki("store", "x" * 32)

    def test_one_name_is_one_client(self):
        self.pki("store", "E1")
        self.refused("is a certificate of kind store already", "centre", "E1")
        self.refused("is a certificate of kind store already", "operator", "E1")

    def test_revocation(self):
        self.pki("store", "F1")
        self.pki("centre", "F2")
        self.assertTrue(self.verifies("store/F1", "ca", "sslclient"))
        self.pki("revoke", "F1")
        self.pki("revoke", "F1")
        self.pki("revoke", "F2")
        self.assertFalse(self.verifies("store/F1", "ca", "sslclient"))
        self.assertFalse(self.verifies("centre/F2", "centre-ca", "sslclient"))
        self.pki("store", "F3")
        self.assertTrue(self.verifies("store/F3", "ca", "sslclient"))
        self.refused("there is no certificate of F9", "revoke", "F9")

    def test_many_stores(self):
        started = time.monotonic()
        self.pki("stores", "G001", "G100")
        took_s = time.monotonic() - started
        self.assertEqual(len(list(self.dir.glob("store/G*.pem"))), 100)
        self.assertTrue(self.verifies("store/G001", "ca", "sslclient") and self.verifies("store/G100", "ca", "sslclient"))
        self.assertLess(took_s, 6, "1,000 would take more than a minute")
        self.pki("stores", text="H_1\nH-2\n")
        self.assertEqual(len(list(self.dir.glob("store/H*.pem"))), 2)
        self.refused("is no range", "stores", "G1", "H2")

    def test_wrong_calls_say_what_to_do(self):
        result = run(ROOT / "scripts/pki", "store", self.dir / "nowhere", "S1")
        self.assertIn("run scripts/pki init", result.stderr)
        for words in ([], ["store"], ["sell", self.dir], ["--what"]):
            result = run(ROOT / "scripts/pki", *words)
            self.assertEqual(result.returncode, 2)
            self.assertIn("--help", result.stderr)


if __name__ == "__main__":
    unittest.main()
