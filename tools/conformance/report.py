"""Makes the reports in docs/conformance: aprfmt at every plug level, and the reference implementation.

`python tools/conformance/report.py` needs the package, and Cargo for the reference. It takes some minutes, and writes
dates and times: the reports say what was measured, so CI runs the same commands and compares none of their words.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs" / "conformance"
RUNS = ROOT / "build" / "conformance"
REFERENCE = "build/reference/release/apr-reference"
KNOWN = "parsers/rust-reference/known-failures.toml"
KNOWN_STREAMING = "parsers/rust-reference/known-failures-streaming.toml"

OWN = "python -m aprfmt.conform.own"
COLUMNS: dict[str, list[str]] = {
    "aprfmt, exit code": ["--cmd", "aprfmt validate -q --profile {profile} {file}"],
    "aprfmt, JSON": [
        *("--plug", "json", "--cmd", f"{OWN} {{file}} --profile {{profile}}"),
        *("--stamp-cmd", f"{OWN} {{file}} --stamp {{patch}} --output {{output}}"),
        *("--write-cmd", f"{OWN} --write {{tree}} --output {{output}}"),
    ],
    "aprfmt": ["--plug", "ndjson", "--cmd", OWN],
    "aprfmt, callable": ["--call", "aprfmt.conform.own:answer"],
    "apr-format": ["--plug", "ndjson", "--cmd", f"{REFERENCE} conform", "--known", KNOWN],
    "apr-format, streaming writer": [
        *("--plug", "ndjson", "--cmd", f"{REFERENCE} conform --streaming"),
        *("--only", "write.*", "--known", KNOWN_STREAMING),
    ],
}
"""What is run, by the name of its column."""
PAGES = {"aprfmt": "aprfmt.md", "apr-format": "apr-format.md"}
"""Columns with a page of their own."""


def run(name: str, options: list[str]) -> dict[str, Any]:
    """One run; its JSON is kept in build/conformance."""
    path = RUNS / f"{name.replace(',', '').replace(' ', '-')}.json"
    command = [sys.executable, "-m", "aprfmt", "conform", *options, "--name", name, "--report", f"json={path}", "-q"]
    page = PAGES.get(name)
    if page is not None:
        (OUT / page).unlink(missing_ok=True)
        command += ["--report", f"markdown={OUT / page}"]
    print(f"$ {name}", flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)
    node: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {**node, "path": str(path)}


def readme(runs: dict[str, dict[str, Any]]) -> str:
    """The page that leads to the others."""
    one = next(iter(runs.values()))
    settings = one["settings"]
    lines = [
        "<!-- GENERATED: python tools/conformance/report.py -->",
        "",
        "# Conformance reports",
        "",
        f"Recipes {one['suite'][:12]}, aprfmt {one['aprfmt']}, profile `{settings['profile']}`. A case may take",
        f"{settings['budget']['seconds']:g} s and {settings['budget']['nbytes'] // 2**20} MiB.",
        "",
        "- [matrix.html](matrix.html): rule × implementation, one self-contained page",
        "- [aprfmt.md](aprfmt.md), [apr-format.md](apr-format.md): each in detail",
        "- [adequacy.md](adequacy.md): every rule weakened, and the vector that notices",
        "",
        "| implementation | version | plug | date (UTC) | conforms | result | seconds | sparse |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, node in runs.items():
        who = node["implementation"]
        version = who["version"] or node["aprfmt"]
        known = sum(item["known"] is not None for item in node["results"])
        verdict = ("yes" + (f", with {known} known failures" if known else "")) if node["conforms"] else "no"
        lines.append(
            f"| {name} | {version} | {who['plug']} | {node['date']} | {verdict} | {node['summary']} "
            f"| {node['seconds']:.1f} | {node['sparse_seconds']:.1f} |"
        )
    lines += [
        "",
        "`apr-format` is the published crate, by the harness in",
        "[parsers/rust-reference](../../parsers/rust-reference/). What it lets through stands, rule by rule and with",
        "the reason, in [known-failures.toml](../../parsers/rust-reference/known-failures.toml). Its streaming writer",
        "is asked to write only. Times are those of two cores; sparse files are some GiB of holes.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run every column and write the pages."""
    # Commands stand in the reports, so they are those that anybody can start at the root of a checkout.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    RUNS.mkdir(parents=True, exist_ok=True)
    OUT.mkdir(parents=True, exist_ok=True)
    if shutil.which("cargo") is None:
        raise SystemExit("expected Cargo for the reference implementation, found none")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "build" / "reference")}
    build = ["cargo", "build", "--quiet", "--release"]
    subprocess.run(build, cwd=ROOT / "parsers" / "rust-reference", env=environment, check=True)
    runs = {name: run(name, options) for name, options in COLUMNS.items()}
    page = [sys.executable, "-m", "aprfmt", "conform", "--report", f"html={OUT / 'matrix.html'}", "-q"]
    for node in runs.values():
        page += ["--from", node["path"]]
    done = subprocess.run(page, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)
    (OUT / "README.md").write_text(readme(runs), encoding="utf-8")


if __name__ == "__main__":
    main()
