"""What a measurement is: the values of its rounds, the raw limit beside them, and what is asked of it."""

import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # tests.integration.house

HEAD = ("figure", "ours", "min–max", "raw limit", "ratio", "asked", "")


def number(value):
    if value >= 10000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


class Figure:
    """ours, raw: one value a round. at_least: share of raw that ours must reach; at_most: what ours may not exceed."""

    def __init__(self, name, unit, ours, raw=None, raw_is="", at_least=None, at_most=None):
        self.name, self.unit, self.ours, self.raw, self.raw_is = name, unit, list(ours), list(raw or []), raw_is
        self.at_least, self.at_most = at_least, at_most

    @property
    def median(self):
        return statistics.median(self.ours)

    @property
    def ratio(self):
        """Round by round, as the machine may be busy with something else in some of them."""
        if not self.raw:
            return None
        return statistics.median(ours / raw for ours, raw in zip(self.ours, self.raw))

    @property
    def kept(self):
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.at_most is None or self.median <= self.at_most

    def asked(self):
        if self.at_least is not None:
            return f"≥ {self.at_least:.0%}"
        return f"≤ {number(self.at_most)} {self.unit}" if self.at_most is not None else ""

    def row(self):
        raw = f"{number(statistics.median(self.raw))} ({self.raw_is})" if self.raw else ""
        asked = self.asked()
        return (self.name, f"{number(self.median)} {self.unit}", f"{number(min(self.ours))}–{number(max(self.ours))}", raw,
                f"{self.ratio:.2f}" if self.raw else "", asked, ("kept" if self.kept else "MISSED") if asked else "")

    def as_json(self):
        return {"name": self.name, "unit": self.unit, "ours": self.ours, "raw": self.raw, "raw_is": self.raw_is,
                "median": self.median, "ratio": self.ratio, "at_least": self.at_least, "at_most": self.at_most}


def table(figures):
    """A Markdown table, its columns in line."""
    rows = [HEAD] + [figure.row() for figure in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def percentile(values, share):
    """The smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]
