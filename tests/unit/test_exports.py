"""The exports as their users meet them: the committed files, in the hands of the programs that they are made for.

`file` and `update-mime-database` are asked for real. Where one is missing the test skips; APRFMT_REQUIRE_TOOLCHAINS=1
makes that a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import aprfmt
from aprfmt.layout import facts

ROOT = Path(__file__).resolve().parents[2]
EXPORTS = ROOT / "exports"
MAGIC = EXPORTS / "apr.magic"
GOLDEN = sorted((ROOT / "tests" / "data" / "golden").glob("*.apr"))
MEDIA_TYPE = "application/x-apr"

Program = Callable[..., str]


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """The path of a program; without it the test skips, or fails if toolchains are required."""

    def find(name: str, *, required: bool = True) -> str:
        found = shutil.which(name)
        if found is not None:
            return found
        if required and os.environ.get("APRFMT_REQUIRE_TOOLCHAINS") == "1":
            pytest.fail(f"{name} is not installed, and APRFMT_REQUIRE_TOOLCHAINS=1 asks for it", pytrace=False)
        pytest.skip(f"{name} is not installed")

    return find


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> tuple[str, str]:
    """What a program says on its two channels. It must succeed."""
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, cwd=cwd
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout, done.stderr


@pytest.fixture(params=["text", "compiled"])
def magic(request: pytest.FixtureRequest, program: Callable[[str], str], tmp_path: Path) -> Program:
    """`file` with the magic file as it is, or compiled; without any other."""
    file = program("file")
    source = MAGIC
    if request.param == "compiled":
        out, err = run(file, "-C", "-m", MAGIC, cwd=tmp_path)
        assert (out, err) == ("", "")
        source = tmp_path / "apr.magic.mgc"
    return lambda *words: run(file, "-b", "-m", source, *words)[0].strip()


# The files


@pytest.mark.parametrize("name", ["apr.magic", "aprfmt.xml", "apr_v2.hexpat"])
def test_a_file_says_where_it_comes_from_and_how_it_may_be_used(name: str) -> None:
    text = (EXPORTS / name).read_text(encoding="utf-8")
    assert "GENERATED" in text[:400]
    assert "spec/apr_v2.ksy" in text[:400]
    assert "SPDX-License-Identifier: MIT" in text


# file(1)


def expected(path: Path) -> str:
    """What the magic file says of a good file, from the header that aprfmt reads."""
    with aprfmt.open(path) as container:
        header = container.header
    n_tensors = "1 tensor" if header.num_tensors == 1 else f"{header.num_tensors} tensors"
    said = [
        "APR v2 model container",
        f"version {header.version_major}.{header.version_minor}",
        n_tensors,
        f"{header.len_metadata} bytes of metadata",
        f"tensor data at byte {header.ofs_data}",
    ]
    shown = facts.Flags(header.flags) & ~facts.Flags.LAYOUT_ROW_MAJOR
    flags = [name for name, at, bits in facts.FLAGS_BITS if bits == 1 and shown >> at & 1]
    return ", ".join(said) + (f", flags: {' '.join(flags)}" if flags else "")


def test_the_magic_file_is_understood_without_a_warning(program: Callable[[str], str], tmp_path: Path) -> None:
    def complaints(path: Path) -> list[str]:
        said = subprocess.run([program("file"), "-c", "-m", path], capture_output=True, text=True).stderr
        return [line for line in said.splitlines() if "arning" in line and "using regular magic file" not in line]

    assert complaints(MAGIC) == []
    broken = tmp_path / "broken.magic"
    broken.write_text(MAGIC.read_text(encoding="utf-8").replace("ulelong", "ulelonk"), encoding="utf-8")
    assert complaints(broken), "this check can fail"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_file_knows_a_golden_file(magic: Program, path: Path) -> None:
    assert magic(path) == expected(path)
    assert magic("--mime-type", path) == MEDIA_TYPE
    assert magic("--extension", path) == "apr"


def with_header(raw: bytes, **values: int) -> bytes:
    """The file with other numbers in its header."""
    with aprfmt.open(raw) as container:
        spans = container.header_spans
    for name, value in values.items():
        start, end = spans[name]
        raw = raw[:start] + value.to_bytes(end - start, "little") + raw[end:]
    return raw


def header_span(name: str) -> tuple[int, int]:
    with aprfmt.open(sample()) as container:
        return container.header_spans[name]


def sample() -> bytes:
    return (ROOT / "tests/data/golden/sharded.apr").read_bytes()


def saved(tmp_path: Path, raw: bytes, name: str = "some") -> Path:
    path = tmp_path / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(("flag", "at", "bits"), facts.FLAGS_BITS)
def test_file_says_which_flags_are_set(magic: Program, tmp_path: Path, flag: str, at: int, bits: int) -> None:
    mask = (1 << bits) - 1 << at
    words = {"reserved": f", flags: reserved {mask:#x}", "layout_row_major": ""}.get(flag, f", flags: {flag}")
    found = magic(saved(tmp_path, with_header(sample(), flags=mask)))
    assert found.partition("tensor data at byte 448")[2] == words


def test_numbers_are_shown_in_full(magic: Program, tmp_path: Path) -> None:
    raw = with_header(sample(), num_tensors=2**32 - 1, len_metadata=2**32 - 2, ofs_data=2**64 - 3, version_minor=255)
    found = magic(saved(tmp_path, raw))
    wanted = "version 2.255, 4294967295 tensors, 4294967294 bytes of metadata, tensor data at byte 18446744073709551613"
    assert wanted in found


@pytest.mark.parametrize("version", [0, 1, 3, 255])
def test_another_major_version_is_not_called_v2(magic: Program, tmp_path: Path, version: int) -> None:
    path = saved(tmp_path, with_header(sample(), version_major=version))
    assert magic(path) == f"APR file, version_major is {version} instead of 2"
    assert magic("--mime-type", path) == "application/octet-stream"


def test_a_file_that_is_cut_off_in_its_header_is_called_so(magic: Program, tmp_path: Path) -> None:
    sizes = range(facts.HEADER_SIZE + 1)
    found = magic(*[saved(tmp_path, sample()[:size], f"cut_{size:03}") for size in sizes]).splitlines()
    version = header_span("version_major")
    assert found[-1].startswith("APR v2 model container, version 2.0, 1 tensor, ")
    assert set(found[version[1] : -1]) == {"APR v2 model container, truncated"}
    assert set(found[len(facts.MAGIC) : version[1]]) == {"APR file, truncated"}
    assert not any("APR" in line for line in found[: len(facts.MAGIC)])


LOOKALIKES = {raw: name for raw, name in facts.MAGIC_LOOKALIKES.items() if re.search(r"\bAPR\b", name)}


@pytest.mark.parametrize("raw", LOOKALIKES)
def test_file_tells_a_lookalike_apart(magic: Program, tmp_path: Path, raw: bytes) -> None:
    path = saved(tmp_path, raw + b"\x01\x00\x02\x00" + bytes(60))
    assert magic(path) == re.sub("^an? ", "", LOOKALIKES[raw])
    assert magic("--mime-type", path) == "application/octet-stream"


@pytest.mark.parametrize("raw", LOOKALIKES)
def test_a_text_that_begins_like_one_is_a_text(magic: Program, tmp_path: Path, raw: bytes) -> None:
    assert magic(saved(tmp_path, raw + b" is a word.\n")) == "ASCII text"


@pytest.fixture
def strangers(tmp_path: Path) -> list[Path]:
    """Files of other formats."""
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", "b")
    return [
        packed,
        saved(tmp_path, b"GGUF\x03\x00\x00\x00" + bytes(16), "model.gguf"),
        saved(tmp_path, b"words\n", "words.txt"),
        saved(tmp_path, b"APR", "three"),
        saved(tmp_path, b"", "empty"),
        saved(tmp_path, b"apr\0\x02" + bytes(64), "small"),
        saved(tmp_path, b"\0" + sample(), "shifted"),
    ]


def test_beside_the_magic_of_the_system_each_file_is_what_it_was(
    program: Callable[[str], str], strangers: list[Path], tmp_path: Path
) -> None:
    file = program("file")
    (installed,) = re.findall(r"^magic file from (.*)$", run(file, "--version")[0], re.MULTILINE)
    for options in ([], ["--mime-type"], ["--extension"]):
        alone = run(file, "-b", "-m", installed, *options, *strangers)[0]
        assert "APR" not in alone
        for both in (f"{installed}:{MAGIC}", f"{MAGIC}:{installed}"):
            assert run(file, "-b", "-m", both, *options, *strangers)[0] == alone
    for path in GOLDEN:
        plain = saved(tmp_path, path.read_bytes(), "plain")
        assert run(file, "-b", "-m", f"{installed}:{MAGIC}", plain)[0].strip() == expected(path)
        assert run(file, "-b", "-m", f"{MAGIC}:{installed}", "--mime-type", plain)[0].strip() == MEDIA_TYPE


# The MIME database of the desktop


@pytest.fixture
def database(program: Callable[[str], str], tmp_path: Path) -> Path:
    """A MIME database with nothing but the package in it: what stands for XDG_DATA_HOME."""
    packages = tmp_path / "share" / "mime" / "packages"
    packages.mkdir(parents=True)
    shutil.copy(EXPORTS / "aprfmt.xml", packages)
    out, err = run(program("update-mime-database"), "-V", packages.parent)
    assert "arning" not in out + err
    assert "rror" not in out + err
    return tmp_path / "share"


def test_the_package_makes_a_database(database: Path) -> None:
    mime = database / "mime"
    assert (mime / "types").read_text(encoding="utf-8") == f"{MEDIA_TYPE}\n"
    assert f"50:{MEDIA_TYPE}:*.apr\n" in (mime / "globs2").read_text(encoding="utf-8")
    assert (mime / "generic-icons").read_text(encoding="utf-8") == f"{MEDIA_TYPE}:package-x-generic\n"
    compiled = (mime / "magic").read_bytes()
    start, _ = header_span("magic")
    version, _ = header_span("version_major")
    # A line a match: how deep it is, where, the length of the value in big-endian order, and the value.
    outer = b">%d=%s%s\n" % (start, len(facts.MAGIC).to_bytes(2, "big"), facts.MAGIC)
    inner = b"1>%d=%s%s\n" % (version, (1).to_bytes(2, "big"), bytes([facts.VERSION_MAJOR]))
    assert compiled == b"MIME-Magic\0\n" + f"[50:{MEDIA_TYPE}]\n".encode() + outer + inner
    described = (mime / "application" / "x-apr.xml").read_text(encoding="utf-8")
    assert "<comment>APR v2 model container</comment>" in described


@pytest.fixture
def ask(program: Callable[..., str], database: Path) -> Callable[[Path], str]:
    """What a desktop program takes a file for, by the database and nothing else."""
    gio = program("gio", required=False)
    env = {"XDG_DATA_HOME": str(database), "XDG_DATA_DIRS": str(database.parent / "none")}

    def question(path: Path) -> str:
        out, _ = run(gio, "info", "-a", "standard::content-type", path, env=env)
        (found,) = re.findall(r"standard::content-type: (.*)", out)
        return str(found)

    return question


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_desktop_knows_a_golden_file_by_its_bytes_and_by_its_name(
    ask: Callable[[Path], str], tmp_path: Path, path: Path
) -> None:
    assert ask(saved(tmp_path, path.read_bytes(), "plain")) == MEDIA_TYPE
    assert ask(path) == MEDIA_TYPE


def test_a_desktop_knows_nothing_else_by_it(ask: Callable[[Path], str], strangers: list[Path], tmp_path: Path) -> None:
    others = [with_header(sample(), version_major=1), b"APRN" + bytes(60), sample()[: len(facts.MAGIC)]]
    paths = strangers + [saved(tmp_path, raw, f"other_{at}") for at, raw in enumerate(others)]
    assert MEDIA_TYPE not in {ask(path) for path in paths}
