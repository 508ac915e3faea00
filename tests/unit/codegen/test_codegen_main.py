"""`python -m aprfmt.codegen`: what is committed is what the specification makes today, and the command says so."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aprfmt.codegen import __main__ as command
from aprfmt.codegen.errors import CodegenError

ROOT = Path(__file__).resolve().parents[3]
KSY = "spec/apr_v2.ksy"
FACTS = "src/aprfmt/layout/_generated/facts.py"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources, and what is generated from them, in a repository of their own."""
    for name in ("spec", "src/aprfmt/layout/_generated", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in command.outputs():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def edit(root: Path, old: str, new: str, name: str = KSY) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def test_nothing_is_stale() -> None:
    difference = command.stale()
    assert not difference, f"{difference}\nGenerated files are stale. Run: {command.COMMAND}"


def test_two_runs_make_the_same() -> None:
    assert command.outputs() == command.outputs()


def test_a_run_does_not_depend_on_the_order_of_hashes() -> None:
    texts = {
        subprocess.run(
            [sys.executable, "-m", "aprfmt.codegen", "--stdout"],
            env={"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {"".join(f"==> {name}\n{text}\n" for name, text in command.outputs().items()).encode()}


def test_every_generated_file_says_where_it_comes_from() -> None:
    for name, text in command.outputs().items():
        source = "spec/metadata.schema.json" if name.endswith("metadata_schema.py") else KSY
        digest = hashlib.sha256((ROOT / source).read_bytes()).hexdigest()
        banner = text[:400]
        assert "GENERATED" in banner
        assert f"{source}, SHA-256 {digest}" in banner
        assert command.COMMAND in banner


KAITAI_PARSERS = (
    "parsers/python/src/aprfmt_reader/_generated/apr_v2.py",
    "parsers/javascript/src/generated/AprV2.cjs",
    "parsers/java/src/main/java/org/aprfmt/reader/generated/AprV2.java",
    "parsers/go/internal/aprv2/apr_v2.go",
)


@pytest.mark.parametrize("name", KAITAI_PARSERS)
def test_the_kaitai_parsers_are_of_today(name: str) -> None:
    """The compiler needs Node, which the tests do not; the digest in the banner tells a stale parser without it."""
    banner = (ROOT / name).read_text(encoding="utf-8")[:400]
    digest = hashlib.sha256((ROOT / KSY).read_bytes()).hexdigest()
    assert f"{KSY}, SHA-256 {digest}" in banner, "stale. Run: node tools/kaitai/compile.mjs --write"


def test_check_is_silent_when_clean(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check"], root=copy) == 0
    assert capsys.readouterr() == ("", "")


def test_check_shows_the_difference_and_the_command(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy, "-block-bytes: 210", "-block-bytes: 211")
    assert command.main(["--check"], root=copy) == 1
    out, err = capsys.readouterr()
    assert f"--- {FACTS}\n+++ {FACTS} (regenerated)\n" in out
    assert "\n-        block_bytes=210,\n+        block_bytes=211,\n" in out
    assert "\n--- docs/format.md\n" in out
    assert err == "Generated files are stale. Run: python -m aprfmt.codegen --write\n"
    assert "block_bytes=210" in (copy / FACTS).read_text(encoding="utf-8")


def test_check_notices_an_edited_and_a_missing_file(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy, "ALIGNMENT = 64", "ALIGNMENT = 32", FACTS)
    (copy / "docs/format.md").unlink()
    assert command.main(["--check"], root=copy) == 1
    out = capsys.readouterr().out
    assert "\n-ALIGNMENT = 32\n+ALIGNMENT = 64\n" in out
    assert "\n+# APR v2 model container\n" in out


def test_write_makes_check_clean(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy, "-block-bytes: 210", "-block-bytes: 211")
    shutil.rmtree(copy / "src/aprfmt/layout/_generated")
    assert command.main(["--write"], root=copy) == 0
    assert command.main(["--check"], root=copy) == 0
    assert capsys.readouterr() == ("", "")
    assert command.stale(copy) == ""
    assert b"\r" not in (copy / FACTS).read_bytes()


def test_an_edited_metadata_schema_is_noticed(copy: Path) -> None:
    edit(copy, '"additionalProperties": true', '"additionalProperties":  true', "spec/metadata.schema.json")
    difference = command.stale(copy)
    assert "_generated/metadata_schema.py" in difference
    assert f"{FACTS}\n" not in difference


@pytest.mark.parametrize("mode", ["--check", "--write", "--stdout"])
def test_a_specification_that_is_not_understood_is_a_message(
    copy: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    edit(copy, "-orig-id: magic", "-origin: magic")
    assert command.main([mode], root=copy) == 2
    wanted = "spec/apr_v2.ksy: /types/header/seq/0/-origin: the generator does not know this key here\n"
    assert capsys.readouterr() == ("", wanted)


def test_a_metadata_schema_that_is_not_understood_is_a_message(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy, '"additionalProperties": true', '"additionalProperties": false', "spec/metadata.schema.json")
    assert command.main(["--check"], root=copy) == 2
    assert capsys.readouterr().err.startswith("spec/metadata.schema.json: $.")


def test_outputs_raise_what_main_reports(copy: Path) -> None:
    edit(copy, "endian: le\n  bit-endian: le", "endian: be\n  bit-endian: le")
    with pytest.raises(CodegenError, match=r"^spec/apr_v2\.ksy: /meta/endian: only little-endian is known"):
        command.outputs(copy)


@pytest.mark.parametrize("arguments", [[], ["--check", "--write"], ["--nothing"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m aprfmt.codegen" in capsys.readouterr().err


def test_the_command_works_from_a_copy_of_the_repository(copy: Path) -> None:
    shutil.copytree(ROOT / "src/aprfmt/codegen", copy / "src/aprfmt/codegen")
    shutil.copy(ROOT / "src/aprfmt/__init__.py", copy / "src/aprfmt/__init__.py")

    def run(mode: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aprfmt.codegen", mode],
            env={"PYTHONPATH": str(copy / "src"), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
        )

    assert run("--check").returncode == 0
    edit(copy, "doc: Size of the name in bytes.", "doc: How many bytes the name has.")
    stale = run("--check")
    assert stale.returncode == 1
    assert '+    """How many bytes the name has."""' in stale.stdout
    assert "Run: python -m aprfmt.codegen --write" in stale.stderr
    assert run("--write").returncode == 0
    assert run("--check").returncode == 0


def test_the_generator_imports_nothing_of_the_product() -> None:
    """It runs when what it generates is broken, so it may need nothing of it."""
    script = (
        "import sys, aprfmt.codegen.__main__\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('aprfmt', 'construct'))))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert all(name == "aprfmt" or name.startswith("aprfmt.codegen") for name in found), found
