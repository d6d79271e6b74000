"""Runs the benchmarks beside it and prints what they promise and what they measured, all in one run on one machine.

    python benchmarks/run.py [NAME ...] [--rounds N] [--size N]

A benchmark is a module of this folder with a function ``run(bench)``. Exit status 1 when a promise was not kept.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVICES = ("claims-api", "payments-ingest", "escalation", "notifications")
FOLDERS = (".", *(f"services/{name}" for name in SERVICES), "deploy", "tests")
PATHS = [str(HERE.parent / folder) for folder in FOLDERS]


@dataclass
class Bench:
    """What a benchmark is asked for, and the promises it found kept or broken."""

    rounds: int
    size: int
    broken: list[str] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        """Prints a line at once."""
        print(text, flush=True)

    def promise(
        self, what: str, measured: float, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """Compares a figure with what is promised of it."""
        kept = (at_least is None or measured >= at_least) and (at_most is None or measured <= at_most)
        bound = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}"
        self.say(f"  {'kept  ' if kept else 'BROKEN'}  {what}: {measured:.2f}  (promised {bound})")
        if not kept:
            self.broken.append(what)


def machine() -> str:
    """The processor, how many of them, how busy they are, and the Python."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{model} x {os.cpu_count()}, load {load}, Python {platform.python_version()}"


def main() -> int:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(names)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the median counts")
    parser.add_argument("--size", type=int, default=200_000, help="how large the input is")
    options = parser.parse_args()
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"expected some of {', '.join(names)}, got {', '.join(sorted(unknown))}")
    sys.path[:0] = [str(HERE), *PATHS]
    bench = Bench(options.rounds, options.size)
    bench.say(machine())
    for name in options.names or names:
        bench.say(f"\n{name}")
        importlib.import_module(name).run(bench)
    if bench.broken:
        bench.say(f"\nnot kept: {'; '.join(bench.broken)}")
    return 1 if bench.broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
