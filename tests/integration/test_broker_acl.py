"""The broker's rules, asked of a real mosquitto: own topics work, everything else does not.

That something is not delivered is shown by a later, permitted message arriving without it, never by waiting.
"""
# test: tier=spine parallel

import pathlib
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_S = 20
STORE, CENTRE = "store", "centre"


def run(*words, check=True):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=60, check=False,
                            stdin=subprocess.DEVNULL)
    if check and result.returncode != 0:
        raise AssertionError(f"{words} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result


class Listener:
    """A mosquitto_sub that is known to be subscribed before anything else happens."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.timer = threading.Timer(PATIENCE_S, self.process.kill)
        self.timer.daemon = True
        self.timer.start()
        self.lines = []
        self.wait_for("Subscribed (mid")

    def wait_for(self, words):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if words in line:
                return
        raise AssertionError(f"ended or timed out before '{words}':\n" + "\n".join(self.lines))

    def until(self, last):
        """The messages as 'topic payload', in order, up to the one whose payload is last."""
        self.wait_for(f" {last}")
        return [line[4:] for line in self.lines if line.startswith("MSG ")]

    def close(self):
        """Ends it; all that it printed. A second call does nothing more."""
        self.timer.cancel()
        self.process.kill()
        self.lines += [] if self.process.stdout.closed else self.process.stdout.read().splitlines()
        self.process.stdout.close()
        self.process.wait()
        return "\n".join(self.lines)


class BrokerCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tillwire-acl-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.base = pathlib.Path(cls.folder.name)
        cls.pki_folder, cls.broker_folder = cls.base / "pki", cls.base / "broker"
        for words in (["init"], ["broker"], ["store", "S014"], ["store", "S015"], ["store", "S016"],
                      ["centre", "centre-1"], ["operator", "ops"]):
            cls.pki(*words)
        run(ROOT / "scripts/broker", "config", cls.broker_folder, "--pki", cls.pki_folder)
        run(ROOT / "scripts/broker", "start", cls.broker_folder)
        cls.addClassCleanup(run, ROOT / "scripts/broker", "stop", cls.broker_folder)
        ports = dict(line.split("=") for line in (cls.broker_folder / "ports").read_text().split())
        cls.ports = {STORE: ports["STORE_PORT"], CENTRE: ports["CENTRE_PORT"]}

    @classmethod
    def pki(cls, command, *words, folder=None, options=()):
        return run(ROOT / "scripts/pki", *options, command, folder or cls.pki_folder, *words)

    def certificate(self, common_name, authority="ca", use="clientAuth", days="1"):
        """A certificate that scripts/pki would refuse to make, signed by the real authority all the same."""
        stem = self.base / f"made-{self.id().rsplit('.', 1)[1]}-{abs(hash(common_name))}"
        escaped = common_name.replace("/", "\\/").replace("+", "\\+")
        extensions = stem.with_suffix(".ext")
        extensions.write_text(f"basicConstraints=critical,CA:FALSE\nextendedKeyUsage={use}\n")
        run("openssl", "req", "-new", "-config", "/dev/null", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/O=tillwire/OU=store/CN={escaped}",
            "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        run("openssl", "x509", "-req", "-in", f"{stem}.csr", "-out", f"{stem}.pem", "-days", days,
            "-CA", self.pki_folder / f"{authority}.pem", "-CAkey", self.pki_folder / f"{authority}.key",
            "-extfile", extensions)
        return stem

    def options(self, who, port, client_id=None, tls="tlsv1.3"):
        """who: 'store/S014' below the pki folder, or the path of a certificate without its ending."""
        stem = self.pki_folder / who
        options = ["-V", "5", "-h", "127.0.0.1", "-p", self.ports[port], "--tls-version", tls, "--cafile",
                   str(self.pki_folder / "ca.pem"), "--cert", f"{stem}.pem", "--key", f"{stem}.key", "-q", "1"]
        return options + (["-i", client_id] if client_id else [])

    def listen(self, who, port, *filters):
        words = ["stdbuf", "-oL", "mosquitto_sub", *self.options(who, port), "-d", "-F", "MSG %t %p"]
        for topic in filters:
            words += ["-t", topic]
        listener = Listener(words)
        self.addCleanup(listener.close)
        return listener

    def publish(self, who, port, topic, payload, check=True, **options):
        words = ["mosquitto_pub", *self.options(who, port, **options), "-t", topic, "-m", payload]
        return run(*words, check=check)

    def sentinel_up(self, text="last"):
        self.publish("store/S016", STORE, "tillwire/v1/S016/up/events", text)
        return f"tillwire/v1/S016/up/events {text}"

    def assert_cannot_connect(self, who, port, topic="tillwire/v1/S014/up/events", **options):
        centre = self.listen("centre/centre-1", CENTRE, "tillwire/v1/+/up/#")
        result = self.publish(who, port, topic, "forged", check=False, **options)
        self.assertNotEqual(result.returncode, 0, "the connection was accepted")
        last = self.sentinel_up()
        self.assertEqual(centre.until("last"), [last])


class OwnTopics(BrokerCase):
    def test_a_store_is_heard_by_the_centre(self):
        centre = self.listen("centre/centre-1", CENTRE, "$share/tillwire/tillwire/v1/+/up/#")
        self.publish("store/S014", STORE, "tillwire/v1/S014/up/events", "batch")
        self.publish("store/S014", STORE, "tillwire/v1/S014/up/heartbeat", "beat")
        self.assertEqual(centre.until("beat"),
                         ["tillwire/v1/S014/up/events batch", "tillwire/v1/S014/up/heartbeat beat"])

    def test_the_centre_is_heard_by_the_store_it_names(self):
        store = self.listen("store/S014", STORE, "tillwire/v1/S014/down/#")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/ack", "ack")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/command", "command")
        self.assertEqual(store.until("command"),
                         ["tillwire/v1/S014/down/ack ack", "tillwire/v1/S014/down/command command"])

    def test_an_operator_reads_both_directions(self):
        operator = self.listen("operator/ops", CENTRE, "tillwire/v1/#")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/ack", "ack")
        last = self.sentinel_up()
        self.assertEqual(operator.until("last"), ["tillwire/v1/S014/down/ack ack", last])

    def test_a_batch_of_256_kib_passes(self):
        centre = self.listen("centre/centre-1", CENTRE, "tillwire/v1/+/up/#")
        payload = self.base / "batch"
        payload.write_text("x" * 262144)
        run("mosquitto_pub", *self.options("store/S014", STORE), "-t", "tillwire/v1/S014/up/events", "-f", payload)
        self.sentinel_up()
        self.assertEqual([len(m) for m in centre.until("last")][0], len("tillwire/v1/S014/up/events ") + 262144)


class OtherTopics(BrokerCase):
    def test_a_store_cannot_write_as_another(self):
        centre = self.listen("centre/centre-1", CENTRE, "tillwire/v1/+/up/#")
        result = self.publish("store/S015", STORE, "tillwire/v1/S014/up/events", "forged", check=False)
        self.assertIn("Not authorized", result.stdout + result.stderr)
        last = self.sentinel_up()
        self.assertEqual(centre.until("last"), [last])

    def test_a_store_cannot_write_downwards(self):
        operator = self.listen("operator/ops", CENTRE, "tillwire/v1/#")
        for who in ("store/S014", "store/S015"):
            self.publish(who, STORE, "tillwire/v1/S014/down/command", "forged", check=False)
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/ack", "last")
        self.assertEqual(operator.until("last"), ["tillwire/v1/S014/down/ack last"])

    def test_a_store_cannot_read_another(self):
        listener = self.listen("store/S015", STORE, "tillwire/v1/S014/down/#", "tillwire/v1/+/up/#", "#",
                               "tillwire/v1/S015/down/#")
        self.publish("store/S014", STORE, "tillwire/v1/S014/up/events", "secret")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/command", "secret")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S015/down/ack", "last")
        self.assertEqual(set(listener.until("last")), {"tillwire/v1/S015/down/ack last"})

    def test_a_retained_message_of_another_store_is_not_read(self):
        run("mosquitto_pub", *self.options("centre/centre-1", CENTRE), "-t", "tillwire/v1/S014/down/command",
            "-m", "secret", "-r")
        self.addCleanup(run, "mosquitto_pub", *self.options("centre/centre-1", CENTRE), "-t",
                        "tillwire/v1/S014/down/command", "-n", "-r")
        listener = self.listen("store/S015", STORE, "tillwire/v1/#")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S015/down/ack", "last")
        self.assertEqual(listener.until("last"), ["tillwire/v1/S015/down/ack last"])

    def test_an_operator_cannot_write(self):
        store = self.listen("store/S014", STORE, "tillwire/v1/S014/down/#")
        for topic in ("tillwire/v1/S014/down/command", "tillwire/v1/S014/up/events"):
            self.publish("operator/ops", CENTRE, topic, "forged", check=False)
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/ack", "last")
        self.assertEqual(store.until("last"), ["tillwire/v1/S014/down/ack last"])

    def test_the_centre_cannot_write_upwards(self):
        operator = self.listen("operator/ops", CENTRE, "tillwire/v1/#")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/up/events", "forged", check=False)
        last = self.sentinel_up()
        self.assertEqual(operator.until("last"), [last])


class Identities(BrokerCase):
    def test_another_client_id_throws_nobody_off(self):
        store = self.listen("store/S014", STORE, "tillwire/v1/S014/down/#")
        for who, port in (("store/S015", STORE), ("operator/ops", CENTRE), ("centre/centre-1", CENTRE)):
            self.publish(who, port, "tillwire/v1/S015/up/heartbeat", "beat", check=False, client_id="S014")
        self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/ack", "last")
        self.assertEqual(store.until("last"), ["tillwire/v1/S014/down/ack last"])
        self.assertFalse([line for line in store.lines if "disconnect" in line.lower()])

    def test_names_with_topic_characters_reach_nothing(self):
        for name in ("+", "#", "S01+", "S014/up", "S014/up/events", "+/up/#"):
            with self.subTest(common_name=name):
                stem = self.certificate(name)
                centre = self.listen("centre/centre-1", CENTRE, "tillwire/v1/#")
                for topic in ("tillwire/v1/S014/up/events", "tillwire/v1/S014/up/x/up/events",
                              f"tillwire/v1/{name}/up/events"):
                    self.publish(stem, STORE, topic, "forged", check=False)
                last = self.sentinel_up()
                self.assertEqual(centre.until("last"), [last])
                centre.close()

    def test_names_with_topic_characters_hear_nothing(self):
        for name in ("+", "#", "S01+", "S014/down", "+/down/#"):
            with self.subTest(common_name=name):
                filters = ["#", "tillwire/v1/+/down/#", "tillwire/v1/S014/down/#"]
                nosy = self.listen(self.certificate(name), STORE, *filters)
                witness = self.listen("store/S014", STORE, "tillwire/v1/S014/down/#")
                self.publish("centre/centre-1", CENTRE, "tillwire/v1/S014/down/command", "secret")
                witness.until("secret")  # the broker hands a message to all its readers in one turn
                witness.close()
                self.assertNotIn("MSG", nosy.close())


class Refused(BrokerCase):
    def test_a_certificate_for_servers(self):
        self.assert_cannot_connect(self.certificate("S014", use="serverAuth"), STORE)

    def test_an_expired_certificate(self):
        self.assert_cannot_connect(self.certificate("S014", days="-1"), STORE)

    def test_a_revoked_certificate(self):
        self.pki("store", "S091")
        self.publish("store/S091", STORE, "tillwire/v1/S091/up/events", "before")
        self.pki("revoke", "S091")
        run(ROOT / "scripts/broker", "reload", self.broker_folder)
        self.assert_cannot_connect("store/S091", STORE, topic="tillwire/v1/S091/up/events")

    def test_a_revoked_instance_of_the_centre(self):
        self.pki("centre", "centre-9")
        self.pki("revoke", "centre-9")
        run(ROOT / "scripts/broker", "reload", self.broker_folder)
        self.assert_cannot_connect("centre/centre-9", CENTRE)

    def test_an_unknown_authority(self):
        other = self.base / "other"
        self.pki("init", folder=other)
        self.pki("store", "S014", folder=other)
        self.assert_cannot_connect(other / "store/S014", STORE)

    def test_no_certificate(self):
        result = run("mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", self.ports[STORE], "--cafile",
                     self.pki_folder / "ca.pem", "-t", "tillwire/v1/S014/up/events", "-m", "forged", check=False)
        self.assertNotEqual(result.returncode, 0)

    def test_tls_before_1_3(self):
        stem = self.pki_folder / "store/S014"
        for version, accepted in (("-tls1_2", False), ("-tls1_3", True)):
            for port in self.ports.values():
                result = run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-cert", f"{stem}.pem",
                             "-key", f"{stem}.key", "-CAfile", self.pki_folder / "ca.pem", check=False)
                self.assertEqual("Cipher is (NONE)" not in result.stdout, accepted, result.stdout)

    def test_a_store_at_the_centres_listener(self):
        self.assert_cannot_connect("store/S014", CENTRE)

    def test_a_stores_certificate_in_an_instances_name(self):
        self.assert_cannot_connect(self.certificate("centre-1"), CENTRE)

    def test_the_centre_at_the_stores_listener(self):
        self.assert_cannot_connect("centre/centre-1", STORE)

    def test_an_instance_that_the_broker_was_not_told_of(self):
        self.pki("centre", "centre-8")
        operator = self.listen("operator/ops", CENTRE, "tillwire/v1/#")
        self.publish("centre/centre-8", CENTRE, "tillwire/v1/S014/down/command", "forged", check=False)
        last = self.sentinel_up()
        self.assertEqual(operator.until("last"), [last])


if __name__ == "__main__":
    unittest.main()
