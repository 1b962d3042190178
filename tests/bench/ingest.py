"""Ingest of one log file: tail, decoder and ledger, beside the decoder and SQLite alone."""

import json
import pathlib
import subprocess
import tempfile

from tests.bench.figures import Figure
from tests.integration.house import BIN

FORMATS = (("jsonl", "standard", "jsonl", "JSON lines", 200000), ("poslog", "ncr-acs", "ncr-acs", "POSLog (ncr-acs)", 50000))


def generate(folder, tillsim_format, transactions):
    subprocess.run([BIN / "tillsim", "generate", "--out", folder, "--transactions", str(transactions), "--format", tillsim_format,
                    "--seed", "3", "--no-ledger", "--quiet"], check=True)
    return next(path for path in (folder / "S001/tlog").iterdir())


def measure(options):
    for format_name, profile, tillsim_format, name, transactions in FORMATS:
        with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
            log = generate(pathlib.Path(folder), tillsim_format, transactions // options.shrink)
            done = subprocess.run([BIN / "bench/bench_ingest", format_name, profile, log, str(options.rounds)], check=True,
                                  stdout=subprocess.PIPE)
        told = json.loads(done.stdout)
        yield Figure(f"ingest, {name}", "transactions/s", told["ours"], told["raw"], "decoder, then SQLite", at_least=0.75)
        yield Figure(f"  of it the decoder alone, {name}", "transactions/s", told["raw_decode"])
        yield Figure(f"  of it SQLite alone, {name}", "transactions/s", told["raw_sqlite"])
