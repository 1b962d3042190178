"""scripts/tiers, run over small trees: it counts rightly, fails when it must, and leaves nothing running."""
# test: tier=static parallel

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSES = """import unittest
class T(unittest.TestCase):
    def test_one(self): pass
    def test_two(self): pass
"""
FAILS = PASSES + "    def test_three(self): self.fail('as it should')\n    def test_four(self): raise OSError('too')\n"
SKIPS = PASSES + "    @unittest.skip('no engine')\n    def test_three(self): pass\n"
LEAVES = """import subprocess, unittest
class T(unittest.TestCase):
    def test_one(self):
        print('PID', subprocess.Popen(['setsid', 'sleep', '300']).pid, flush=True)
"""
HANGS = LEAVES + "        subprocess.run(['sleep', '300'])\n"


class Tiers(unittest.TestCase):
    def tree(self, files):
        folder = tempfile.TemporaryDirectory(prefix="tillwire-tiers-")
        self.addCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        (root / "scripts").mkdir(exist_ok=True)
        (root / "tests/integration").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "scripts/tiers", root / "scripts/tiers")
        subprocess.run(["git", "init", "-q", root], check=True)
        return root

    def run_tiers(self, files, *words):
        root = self.tree(files)
        result = subprocess.run([root / "scripts/tiers", *words], capture_output=True, text=True, timeout=60,
                                check=False)
        return root, result, result.stdout.strip().splitlines()[-1] if result.stdout.strip() else ""

    def test_counts_cases_of_all_kinds(self):
        files = {"tests/integration/test_a.py": PASSES, "tests/integration/test_b.py": FAILS,
                 "tests/browser/run": "#!/bin/sh\necho '5 passed, 0 failed'\n",
                 "scripts/style": "#!/bin/sh\n"}
        _, result, last = self.run_tiers(files, "test_", "browser", "style")
        self.assertEqual(last, "10 passed, 2 failed")
        self.assertEqual(result.returncode, 1)
        self.assertIn("as it should", result.stdout)
        self.assertIn("failed: test_b", result.stdout)

    def test_all_passed(self):
        _, result, last = self.run_tiers({"tests/integration/test_a.py": PASSES}, "test_a")
        self.assertEqual((last, result.returncode), ("2 passed, 0 failed", 0))

    def test_a_skipped_case_is_told_and_not_passed(self):
        _, result, last = self.run_tiers({"tests/integration/test_a.py": SKIPS}, "test_a")
        self.assertEqual((last, result.returncode), ("2 passed, 0 failed, 1 skipped", 0))

    def test_what_runs_nothing_fails(self):
        for files, word in (({"tests/integration/test_a.py": ""}, "test_a"),
                            ({"tests/browser/run": "#!/bin/sh\necho done\n"}, "browser"),
                            ({"tests/browser/run": "#!/bin/sh\necho '0 passed, 0 failed'\n"}, "browser"),
                            ({"tests/browser/run": "#!/bin/sh\necho '3 passed, 0 failed'\nexit 1\n"}, "browser"),
                            ({"tests/integration/test_a.py": "import nothing_of_that_name\n"}, "test_a")):
            _, result, last = self.run_tiers(files, word)
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertRegex(last, "^[0-9]+ passed, 1 failed$")
        _, result, last = self.run_tiers({}, "nothing-matches")
        self.assertEqual((last, result.returncode), ("0 passed, 0 failed", 1))

    def test_an_unknown_tier_is_told(self):
        _, result, _ = self.run_tiers({"tests/integration/test_a.py": "# test: tier=moon\n" + PASSES}, "test_a")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no tier is called moon", result.stderr)

    def test_programs_are_named_to_the_tests(self):
        text = "import os, unittest\nclass T(unittest.TestCase):\n    def test_one(self):\n" \
               "        self.assertTrue(os.environ['TILLWIRE_BIN'].endswith('/build/release'))\n"
        _, _, last = self.run_tiers({"tests/integration/test_a.py": text}, "test_a")
        self.assertEqual(last, "1 passed, 0 failed")

    def assert_gone(self, log):
        pid = next(line.split()[1] for line in log.read_text().splitlines() if line.startswith("PID"))
        until = time.monotonic() + 10
        while pathlib.Path("/proc", pid).exists() and time.monotonic() < until:
            if pathlib.Path("/proc", pid, "stat").read_text().split(") ")[1][0] == "Z":
                return
            time.sleep(0.05)
        self.assertFalse(pathlib.Path("/proc", pid).exists())

    def test_what_a_test_left_running_is_ended(self):
        root, _, last = self.run_tiers({"tests/integration/test_a.py": LEAVES}, "test_a")
        self.assertEqual(last, "1 passed, 0 failed")
        self.assert_gone(root / "build/test/test_a.log")

    def test_an_interrupt_ends_everything(self):
        for mark in ("", "# test: parallel\n"):
            root = self.tree({"tests/integration/test_a.py": mark + HANGS})
            log = root / "build/test/test_a.log"
            with subprocess.Popen([root / "scripts/tiers", "test_a"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as tiers:
                until = time.monotonic() + 20
                while not (log.exists() and "PID" in log.read_text()) and time.monotonic() < until:
                    time.sleep(0.02)
                os.kill(tiers.pid, signal.SIGINT)
                tiers.communicate(timeout=20)
                self.assertEqual(tiers.returncode, 130)
            self.assert_gone(log)


if __name__ == "__main__":
    unittest.main()
