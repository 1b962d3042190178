"""The documentation against the programs: man pages hold every verb and option, links lead somewhere."""
# test: tier=spine parallel

import re
import subprocess
import unittest

from tests.integration.house import BIN, ROOT

MAN = ROOT / "docs/man"
PAGES = {"tillwire-edge": "tillwire-edge.8", "tillwire-cloud": "tillwire-cloud.8", "tillctl": "tillctl.1",
         "tillsim": "tillsim.1"}


def help_of(*words):
    answer = subprocess.run([BIN / words[0], *words[1:], "--help"], capture_output=True, text=True, check=True,
                            stdin=subprocess.DEVNULL)
    return answer.stdout


def shown(source):
    """What a reader of an mdoc page sees, on one line."""
    done = subprocess.run(["mandoc", "-T", "utf8"], input=source, capture_output=True, text=True, check=True)
    return " ".join(re.sub(".\b", "", done.stdout).replace("−", "-").replace("‐", "-").split())


def options_of(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


class ManPages(unittest.TestCase):
    def test_every_option_is_in_its_page(self):
        for program, page in PAGES.items():
            text = shown((MAN / page).read_text())
            asked = [(program,)]
            if program == "tillsim":
                asked += [(program, verb) for verb in ("generate", "scenario", "ring", "opening")]
            if program == "tillctl":
                asked.append((program, "tlog", "explain"))
            for words in asked:
                for option in options_of(help_of(*words)):
                    self.assertRegex(text, re.escape(option) + r"(?![\w-])", f"{page} lacks {option} of {' '.join(words)}")

    def test_every_verb_is_in_its_page(self):
        text = shown((MAN / "tillctl.1").read_text())
        verbs = [line.strip().split("  ")[0] for line in help_of("tillctl").splitlines() if re.match(r"  [a-z]", line)]
        self.assertGreater(len(verbs), 20)
        for verb in verbs:
            name = re.match(r"[a-z-]+(?: (?:show|add|stage|make|revoke|explain)\b)?", verb)[0]
            self.assertIn(name, text, f"tillctl.1 lacks {verb}")

    def test_every_key_is_in_its_page(self):
        for program, example in (("tillwire-edge", "edge/edge.conf.example"), ("tillwire-cloud", "cloud/cloud.conf.example")):
            page = subprocess.run([ROOT / "scripts/conf-page", ROOT / example, program], capture_output=True, text=True,
                                  check=True).stdout
            keys = set(re.findall(r"^ *#? *([a-z_]+) *=", (ROOT / example).read_text(), re.M))
            self.assertGreater(len(keys), 15)
            text = shown(page)
            for key in keys:
                self.assertIn(key, text, f"{program}.conf(5) lacks {key}")
            self.lint(page, program)

    def test_pages_are_clean(self):
        for page in MAN.iterdir():
            self.lint(page.read_text(), page.name)

    def lint(self, source, name):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=source, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), name)


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for page in pages:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
                if not re.match(r"[a-z]+:", target):
                    self.assertTrue((page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}")

    def test_named_scripts_exist(self):
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
            for script in re.findall(r"\bscripts/([a-z-]+)\b", page.read_text()):
                self.assertTrue((ROOT / "scripts" / script).exists(), f"{page.name}: scripts/{script}")


if __name__ == "__main__":
    unittest.main()
