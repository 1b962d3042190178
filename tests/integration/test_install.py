"""make install into a DESTDIR: every file in its place, units that systemd accepts and that expose little."""
# test: tier=static parallel

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(os.environ.get("TILLWIRE_BIN", ROOT / "build/release"))
PROGRAMS = ("tillwire-edge", "tillwire-cloud", "tillctl", "tillsim")
UNITS = ("tillwire-edge.service", "tillwire-cloud.service")


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="tillwire-install-")
        cls.addClassCleanup(folder.cleanup)
        cls.top = pathlib.Path(folder.name)
        result = run(ROOT / "scripts/install", OUT, cls.top, "/opt/tw")
        assert result.returncode == 0, result.stderr
        cls.prefix = cls.top / "opt/tw"
        cls.files = {str(path.relative_to(cls.prefix)): path for path in cls.prefix.rglob("*") if path.is_file()}

    def test_nothing_outside_the_prefix(self):
        self.assertEqual([str(path) for path in self.top.rglob("*") if path.is_file() and self.prefix not in path.parents],
                         [])

    def test_programs(self):
        for program in PROGRAMS:
            if (OUT / program).exists():
                self.assertEqual(self.files[f"bin/{program}"].stat().st_mode & 0o777, 0o755)
        self.assertTrue([name for name in self.files if name.startswith("bin/")])

    def test_everything_has_its_place(self):
        expected = {f"lib/systemd/system/{unit}" for unit in UNITS}
        expected |= {"lib/sysusers.d/tillwire.conf", "lib/tillwire/pki", "lib/tillwire/broker", "lib/tillwire/lib.sh"}
        expected |= {f"share/man/man{page.suffix[1:]}/{page.name}" for page in ROOT.glob("docs/man/*.[158]")}
        for example in ROOT.glob("*/*.conf.example"):
            expected |= {f"share/doc/tillwire/examples/{example.stem}", f"share/man/man5/tillwire-{example.stem}.5"}
        if (ROOT / "cloud/web").exists():
            pages = [path.name for path in (ROOT / "cloud/web").iterdir() if path.suffix in (".html", ".css", ".js")]
            expected |= {f"share/tillwire/web/{name}" for name in (*pages, "lib/preact.module.js")}
        self.assertEqual(sorted(expected - set(self.files)), [])
        places = ("bin/", "lib/systemd/system/", "lib/sysusers.d/", "lib/tillwire/", "share/man/man", "share/tillwire/",
                  "share/doc/tillwire/")
        self.assertEqual([name for name in self.files if not name.startswith(places)], [])

    def test_man_pages_are_clean(self):
        pages = [path for name, path in self.files.items() if name.startswith("share/man/")]
        self.assertTrue(pages)
        result = run("mandoc", "-T", "lint", "-W", "warning", *pages)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_a_config_page_has_every_key(self):
        for example in ROOT.glob("*/*.conf.example"):
            keys = re.findall(r"^#?([a-z_]+) (?:=|\")", example.read_text(), re.M)
            page = self.files[f"share/man/man5/tillwire-{example.stem}.5"].read_text()
            self.assertGreater(len(keys), 5)
            self.assertEqual([key for key in keys if f".It Ic {key}" not in page], [])

    def test_the_page_of_tillctl_has_every_verb(self):
        told = run(OUT / "tillctl", "--help").stdout
        verbs = re.findall(r"^  ((?:store |key |tlog )?[a-z][a-z-]+)(?= )", told, re.M)
        page = self.files["share/man/man1/tillctl.1"].read_text()
        self.assertGreater(len(verbs), 15)
        self.assertEqual([verb for verb in verbs if f".It Cm {verb}" not in page], [])

    def test_the_pages_of_the_services_have_every_option(self):
        for program in ("tillwire-edge", "tillwire-cloud"):
            if (OUT / program).exists():
                options = re.findall(r"^  -(-[a-z-]+)", run(OUT / program, "--help").stdout, re.M)
                page = self.files[f"share/man/man8/{program}.8"].read_text()
                self.assertGreater(len(options), 2)
                self.assertEqual([option for option in options if f"Fl {option}" not in page], [])

    def test_nothing_that_only_building_needs(self):
        self.assertEqual([name for name in self.files if "node_modules" in name or "package" in name], [])

    def test_installed_scripts_work_alone(self):
        folder = self.top / "pki"
        self.addCleanup(shutil.rmtree, folder)
        for words in (["init", folder], ["broker", folder], ["store", folder, "S001"]):
            result = run(self.files["bin/tillwire-pki"], *words)
            self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((folder / "store/S001.pem").exists())
        self.assertIn("tillwire-broker", run(self.files["bin/tillwire-broker"]).stderr)

    def test_units_name_the_prefix(self):
        for unit in UNITS:
            text = self.files[f"lib/systemd/system/{unit}"].read_text()
            self.assertIn(f"ExecStart=/opt/tw/bin/{unit.removesuffix('.service')} ", text)
            self.assertNotIn("@PREFIX@", text)

    def test_units_expose_little(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        for unit in UNITS:
            path = self.top / unit
            text = self.files[f"lib/systemd/system/{unit}"].read_text()
            path.write_text(text.replace("ExecStart=/opt/tw/bin/", "ExecStart=/bin/true /"))
            result = run("systemd-analyze", "security", "--offline=true", "--threshold=15", path)
            path.unlink()
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn("Overall exposure level", result.stdout)
            self.assertNotIn("Unknown", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
