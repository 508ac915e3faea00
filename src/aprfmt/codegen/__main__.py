"""`python -m aprfmt.codegen --write | --check | --stdout`: make, compare or print what is made from `spec/`."""

from __future__ import annotations

import argparse
import difflib
import hashlib
import sys
from pathlib import Path

from . import emit_docs, emit_facts, emit_structs, ksy, metadata_schema

__all__ = ["main", "outputs", "stale"]

COMMAND = "python -m aprfmt.codegen --write"
ROOT = Path(__file__).resolve().parents[3]
KSY = "spec/apr_v2.ksy"
SCHEMA = "spec/metadata.schema.json"
GENERATED = "src/aprfmt/layout/_generated"


def _banner(source: str, digest: str) -> str:
    return f"# GENERATED, never edited by hand. Source: {source}, SHA-256 {digest}.\n# Regenerate: {COMMAND}\n"


def outputs(root: Path = ROOT) -> dict[str, str]:
    """Every generated file: its path from the root of the repository, and its text."""
    ksy_text = (root / KSY).read_text(encoding="utf-8")
    schema_text = (root / SCHEMA).read_text(encoding="utf-8")
    ksy_digest = hashlib.sha256(ksy_text.encode()).hexdigest()
    schema_digest = hashlib.sha256(schema_text.encode()).hexdigest()
    spec = ksy.load(ksy_text)
    files = {
        f"{GENERATED}/__init__.py": _banner(KSY, ksy_digest)
        + '"""Made from the specification; see the banner of each module."""\n',
        f"{GENERATED}/facts.py": _banner(KSY, ksy_digest) + emit_facts.emit(spec),
        f"{GENERATED}/structs.py": _banner(KSY, ksy_digest) + emit_structs.emit(spec),
        f"{GENERATED}/metadata_schema.py": _banner(SCHEMA, schema_digest)
        + metadata_schema.emit(schema_text, source_name=SCHEMA),
    }
    files["docs/format.md"] = (
        f"<!-- GENERATED from {KSY}, SHA-256 {ksy_digest}, and {SCHEMA}, SHA-256 {schema_digest}. "
        f"Regenerate: {COMMAND} -->\n\n" + emit_docs.emit(spec, schema_text)
    )
    return files


def stale(root: Path = ROOT) -> str:
    """The differences between what is committed and what the specification makes today; empty when there are none."""
    parts = []
    for name, wanted in outputs(root).items():
        path = root / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        parts += difflib.unified_diff(
            found.splitlines(keepends=True), wanted.splitlines(keepends=True), name, f"{name} (regenerated)"
        )
    return "".join(parts)


def main(argv: list[str] | None = None) -> int:
    """Run the generator; exit code 0 when done or clean, 1 when a committed file is stale."""
    parser = argparse.ArgumentParser(prog="python -m aprfmt.codegen", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write every generated file")
    mode.add_argument("--check", action="store_true", help="print the difference and exit 1 when a file is stale")
    mode.add_argument("--stdout", action="store_true", help="print every generated file")
    options = parser.parse_args(argv)
    if options.check:
        difference = stale()
        if difference:
            print(difference)
            print(f"Generated files are stale. Run: {COMMAND}", file=sys.stderr)
        return 1 if difference else 0
    for name, text in outputs().items():
        if options.stdout:
            print(f"==> {name}\n{text}")
        else:
            path = ROOT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
