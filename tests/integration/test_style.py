"""scripts/layers and scripts/style, each rule on a small tree that breaks it and one that keeps it."""
# test: tier=static parallel

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUARDED = "#ifndef COMMON_ERR_H\n#define COMMON_ERR_H\nenum class { ONE, TWO };\n#endif\n"


def c_function(lines):
    return "int f(void)\n{\n" + "    g();\n" * (lines - 3) + "}\n"


class TreeCase(unittest.TestCase):
    def findings(self, script, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            result = subprocess.run([ROOT / "scripts" / script, folder], capture_output=True, text=True, check=False)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.returncode, 1 if result.stdout else 0)
        return result.stdout

    def assert_found(self, script, place, words, files):
        found = self.findings(script, files)
        self.assertEqual(len(found.splitlines()), 1, found)
        self.assertTrue(found.startswith(f"{place}: "), found)
        self.assertIn(words, found)


class Layers(TreeCase):
    def breach(self, path, include, words, **more):
        files = {"common/err.h": GUARDED, "proto/qty.h": "", "edge/tail/tail.h": "", "cloud/api/api.h": "",
                 "tests/tillsim/sim.h": "", path: f"#include {include}\n"}
        self.assert_found("layers", f"{path}:1", words, {**files, **more})

    def keeps(self, path, *includes):
        files = {"common/err.h": GUARDED, "proto/qty.h": "", "proto/v1/a.proto": "", "edge/tail/tail.h": "",
                 "cloud/api/api.h": "", "tests/tillsim/sim.h": "",
                 path: "".join(f"#include {include}\n" for include in includes)}
        self.assertEqual(self.findings("layers", files), "")

    def test_downward_includes_are_kept(self):
        self.keeps("common/buf.c", '"common/err.h"', "<string.h>", "<sys/mman.h>")
        self.keeps("edge/stock/row.c", '"common/err.h"', '"proto/qty.h"', '"proto/v1/a.pb-c.h"', '"edge/tail/tail.h"')
        self.keeps("cloud/ctl/ctl_main.c", '"edge/tail/tail.h"', '"cloud/api/api.h"')
        self.keeps("tests/unit/test_all.c", '"edge/tail/tail.h"', '"cloud/api/api.h"', "<cmocka.h>", "<sqlite3.h>")

    def test_upward_and_sideways(self):
        self.breach("common/buf.c", '"proto/qty.h"', "common may include common only")
        self.breach("proto/wire.c", '"edge/tail/tail.h"', "proto may include")
        self.breach("edge/run/run.c", '"cloud/api/api.h"', "edge may include")
        self.breach("cloud/api/rows.c", '"edge/tail/tail.h"', "cloud may include")
        self.breach("edge/edge_main.c", '"tests/tillsim/sim.h"', "edge may include")
        self.breach("cloud/api/rows.c", '"tests/tillsim/sim.h"', "cloud may include")

    def test_tillsim_stands_alone(self):
        self.breach("tests/tillsim/model.c", '"common/err.h"', "independent")
        self.keeps("tests/tillsim/model.c", '"tests/tillsim/sim.h"')

    def test_includes_are_rooted_and_exist(self):
        self.breach("common/buf.c", '"err.h"', "not in the tree")
        self.breach("proto/wire.c", '"proto/v1/b.pb-c.h"', "not in the tree")

    def test_a_library_belongs_to_one_place(self):
        self.breach("cloud/store/rows.c", "<sqlite3.h>", "belongs to common/db*.c")
        self.breach("edge/tail/tail.c", "<uv.h>", "belongs to edge/run/*")
        self.breach("edge/tlog/poslog.c", "<expat.h>", "included by edge/tlog/other.c already",
                    **{"edge/tlog/other.c": "#include <expat.h>\n"})
        self.breach("common/buf.c", "<jansson.h>", "has no owner")
        self.keeps("common/db_backup.c", "<sqlite3.h>")
        self.keeps("cloud/api/http.c", "<microhttpd.h>")


class Style(TreeCase):
    def test_a_clean_tree(self):
        files = {"common/err.h": GUARDED, "common/err.c": c_function(70), "scripts/x": "#!/bin/sh\nf() {\n    :\n}\n",
                 "a.py": "def f():\n    pass\n", "README.md": "text\n"}
        self.assertEqual(self.findings("style", files), "")

    def test_long_functions(self):
        for name, text in (("a.c", c_function(71)),
                           ("a.py", "def f():\n" + "    g()\n" * 70),
                           ("a.sh", "f() {\n" + "    g\n" * 69 + "}\n"),
                           ("a.js", "function f(a) {\n" + "    g();\n" * 69 + "}\n"),
                           ("a.mjs", "export const f = async (a) => {\n" + "    g();\n" * 69 + "};\n"),
                           ("script", "#!/usr/bin/env bash\nf() {\n" + "    g\n" * 69 + "}\n")):
            with self.subTest(name=name):
                self.assert_found("style", f"{name}:{2 if name == 'script' else 1}", "f has 71 lines", {name: text})

    def test_a_signature_on_several_lines_counts(self):
        text = "static int f(int a,\n             int b)\n" + c_function(69).split("\n", 1)[1]
        self.assertEqual(self.findings("style", {"a.c": text}), "")
        self.assert_found("style", "a.c:1", "f has 71 lines", {"a.c": text.replace("{\n", "{\n    g();\n", 1)})

    def test_long_files(self):
        self.assertEqual(self.findings("style", {"a.c": "int a;\n" * 500}), "")
        self.assert_found("style", "a.c:501", "501 lines", {"a.c": "int a;\n" * 501})

    def test_work_notes(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            self.assert_found("style", "a.c:1", "work note", {"a.c": f"/* {word}: later */\n"})

    def test_white_space_at_the_end(self):
        self.assert_found("style", "a.md:1", "white space", {"a.md": "text \n"})

    def test_conditionals(self):
        text = "#if ONE\n#endif\n" + "int a;\n" * 400
        self.assertEqual(self.findings("style", {"a.c": text}), "")
        found = self.findings("style", {"a.c": text, "b.c": text})
        self.assertEqual([line.split(": ")[0] for line in found.splitlines()], ["a.c:1", "b.c:1"])

    def test_default_over_an_enum(self):
        def switch(label):
            return f"int f(int a)\n{{\n    switch (a) {{\n    case {label}:\n        return 1;\n    default:\n" \
                   "        return 2;\n    }\n}\n"
        files = {"common/err.h": GUARDED}
        self.assert_found("style", "common/a.c:6", "default in a switch", {**files, "common/a.c": switch("TWO")})
        for label in ("'a'", "3", "SIGTERM"):
            self.assertEqual(self.findings("style", {**files, "common/a.c": switch(label)}), "")

    def test_this_tree(self):
        result = subprocess.run([ROOT / "scripts/style"], capture_output=True, text=True, check=False)
        self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    unittest.main()
