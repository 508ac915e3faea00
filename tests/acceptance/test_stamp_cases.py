"""The acceptance cases of `aprfmt stamp`, 40 to 59, as a user meets them; cases on tokenizers stand beside them."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.models import (
    ALL,
    PROVENANCE,
    TRIPLE,
    digests,
    flip,
    large_model,
    metadata_of,
    model,
    same_file,
)
from tests.unit.cli.running import GOLDEN, GOLDENS, REPOSITORY, aprfmt, expected, names, process, stamp_rows

import aprfmt as api
from aprfmt import Flags, ProvenancePatch
from aprfmt.container import Container
from aprfmt.files import open_source
from aprfmt.layout import facts
from aprfmt.ops.stamp import plan_stamp

EXPECTED = expected()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return model(tmp_path / "model.apr")


# ---- requests ----


def test_case_40_nothing_to_set_is_refused(source: Path) -> None:
    """Without a single key to set: refused as a wrong request, in words that say so, and no output."""
    out = source.with_name("out.apr")
    for extra in ((), ("-f",), ("-n",)):
        run = aprfmt("stamp", source, "-o", out, *extra)
        assert (run.code, run.out) == (2, "")
        assert "expected at least one key to set" in run.err
    assert aprfmt("stamp", source, "-o", out, "--json").error["kind"] in ("request", "usage")
    assert names(source.parent) == ["model.apr"]


def test_case_41_a_missing_input_is_said_before_an_empty_patch(tmp_path: Path) -> None:
    """A file that is not there is a fault of the file, exit code 3, even when there is nothing to set."""
    for options in ((), ("--license", "MIT"), ("--license", "NOT-A-LICENSE-!!"), ("--set", "a=1")):
        run = aprfmt("stamp", tmp_path / "absent.apr", "-o", tmp_path / "out.apr", *options)
        assert (run.code, run.out) == (3, "")
        assert "absent.apr" in run.err
    assert names(tmp_path) == []


@pytest.mark.parametrize("option", ["--license", "--data-license"])
def test_case_42_garbage_is_no_licence(option: str, source: Path) -> None:
    """What is no licence is refused with the option and the value; `--force` does not change that."""
    out = source.with_name("out.apr")
    for extra in ((), ("-f",), ("-n",)):
        run = aprfmt("stamp", source, option, "NOT-A-LICENSE-!!", "-o", out, *extra)
        assert (run.code, run.out) == (2, "")
        assert option in run.err
        assert "NOT-A-LICENSE-!!" in run.err
    assert names(source.parent) == ["model.apr"]
    out.write_bytes(b"what was there before")
    assert aprfmt("stamp", source, option, "NOT-A-LICENSE-!!", "-f", "-o", out).code == 2
    assert out.read_bytes() == b"what was there before"


@pytest.mark.parametrize(
    "options",
    [
        ("--set", 'license="NOT-A-LICENSE-!!"'),
        ("--set-str", "data_license=NOT-A-LICENSE-!!"),
        ("--set", 'license="unknown"'),
        ("--set-str", "license="),
    ],
    ids="=".join,
)
def test_case_42_no_way_around_the_check_of_licences(options: tuple[str, ...], source: Path) -> None:
    """A licence that comes in under its key is held against the same lists as the named options."""
    run = aprfmt("stamp", source, *options, "-o", source.with_name("out.apr"))
    assert (run.code, run.out) == (2, "")
    assert names(source.parent) == ["model.apr"]


def test_case_42_nor_through_a_patch_or_another_file(source: Path) -> None:
    """Files that a patch comes from are no way around the check either."""
    out, patch, other = (source.with_name(name) for name in ("out.apr", "patch.json", "other.apr"))
    patch.write_text('{"license": "TBD"}', encoding="utf-8")
    model(other, {"model_type": "qwen2", "license": "whatever you like"})
    card = source.with_name("README.md")
    card.write_text("---\nlicense: proprietary\n---\n", encoding="utf-8")
    for options in (("--patch", patch), ("--copy-from", other), ("--from-card", card)):
        assert aprfmt("stamp", source, *options, "-o", out).code == 2
    assert not out.exists()


@pytest.mark.parametrize("typed", ["mit", "  MIT  ", "Mit"])
def test_case_43_a_licence_is_stored_in_canonical_form(typed: str, source: Path) -> None:
    """Case and blanks around it are the typist's; what is written is the id as SPDX has it."""
    out = source.with_name("out.apr")
    run = aprfmt("stamp", source, "--license", typed, "--data-license", typed, "-o", out, "--json")
    assert run.code == 0
    assert (metadata_of(out)["license"], metadata_of(out)["data_license"]) == ("MIT", "MIT")
    assert run.json["stamped"]["license"] == "MIT"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("GPL-2.0-or-later", "GPL-2.0-or-later"),
        ("AGPL-3.0-only", "AGPL-3.0-only"),
        ("LicenseRef-X", "LicenseRef-X"),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("(MIT AND BSD-3-Clause) OR GPL-3.0-only", "(MIT AND BSD-3-Clause) OR GPL-3.0-only"),
    ],
)
def test_case_44_expressions_of_spdx_are_licences(typed: str, stored: str, source: Path) -> None:
    """What SPDX calls an expression is taken; with `--licenses upstream` only what `apr stamp` takes."""
    out, strict = source.with_name("out.apr"), source.with_name("strict.apr")
    assert aprfmt("stamp", source, "--license", typed, "-o", out).code == 0
    assert metadata_of(out)["license"] == stored
    run = aprfmt("stamp", source, "--license", typed, "--licenses", "upstream", "-o", strict)
    if stored == "Apache-2.0 WITH LLVM-exception":  # the one expression among the 25 entries
        assert (run.code, metadata_of(strict)["license"]) == (0, stored)
    else:
        assert (run.code, strict.exists()) == (2, False)
        assert "--license" in run.err


@pytest.mark.parametrize("name", ["llama3.1", "gemma", "custom"])
def test_case_45_ids_of_the_model_hub_are_licences(name: str, source: Path) -> None:
    """The hub's own ids are taken, and marked as such; `custom` names no terms, and that is said."""
    out = source.with_name("out.apr")
    run = aprfmt("stamp", source, "--license", name, "-o", out, "--json")
    assert (run.code, metadata_of(out)["license"]) == (0, name)
    assert any("--license" in note for note in run.json["notes"])
    if name == "custom":
        assert any("terms" in note for note in run.json["notes"])
    assert aprfmt("stamp", source, "--license", name, "--licenses", "upstream", "-n").code == 0


@pytest.mark.parametrize("value", ["unknown", "proprietary", "TBD", "", "  ", "NOASSERTION", "NONE", "Unknown"])
@pytest.mark.parametrize("option", ["--license", "--data-license"])
def test_case_46_words_that_answer_nothing_are_no_licence(option: str, value: str, source: Path) -> None:
    """Placeholders are refused, whatever their case."""
    run = aprfmt("stamp", source, option, value, "-o", source.with_name("out.apr"))
    assert (run.code, run.out) == (2, "")
    assert option in run.err
    assert names(source.parent) == ["model.apr"]


def test_case_46_what_is_nearly_one_comes_with_the_nearest(source: Path) -> None:
    """A slip of the fingers is refused with what was meant."""
    run = aprfmt("stamp", source, "--license", "Apache2", "-n")
    assert run.code == 2
    assert "Apache-2.0" in run.err


def test_case_47_an_output_that_exists_is_left_alone(source: Path) -> None:
    """Without `--force` an output that exists is a wrong request, and not one byte of it changes."""
    out = source.with_name("out.apr")
    out.write_bytes(b"what was there before")
    before = out.stat()
    for extra in ((), ("-n",)):
        run = aprfmt("stamp", source, "--license", "MIT", "-o", out, *extra)
        assert (run.code, run.out) == (2, "")
        assert "--force" in run.err
        assert str(out) in run.err
    assert same_file(before, out)
    assert aprfmt("stamp", source, "--license", "MIT", "-o", out, "-f").code == 0
    assert metadata_of(out)["license"] == "MIT"


# ---- the same file ----

WAYS: dict[str, Callable[[Path], list[str | Path]]] = {
    "force": lambda path: ["-o", path, "--force"],
    "in place": lambda _path: ["-i", "--layout", "canonical"],
}


@pytest.fixture(params=WAYS)
def onto_itself(request: pytest.FixtureRequest) -> Callable[[Path], list[str | Path]]:
    """The options of a stamp whose output is its input, and is replaced by it, in both spellings."""
    return WAYS[request.param]


def test_case_48_a_file_is_replaced_in_one_step(
    onto_itself: Callable[[Path], list[str | Path]], source: Path, tmp_path: Path
) -> None:
    """The output may be the input: another file takes its name, whole, with the mode of the old one."""
    source.chmod(0o640)
    before, payload = source.stat(), digests(source)
    with source.open("rb") as old:
        raw = old.read()
        assert aprfmt("stamp", source, "--license", "MIT", *onto_itself(source)).code == 0
        old.seek(0)
        assert old.read() == raw  # who had the old file open still has it whole
    assert source.stat().st_ino != before.st_ino
    assert stat.S_IMODE(source.stat().st_mode) == 0o640
    assert metadata_of(source)["license"] == "MIT"
    assert digests(source) == payload
    assert names(tmp_path) == ["model.apr"]


def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full after a few bytes."""
    write, room = os.write, [100]

    def limited(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = write(descriptor, data[: room[0]])
        room[0] -= count
        return count

    monkeypatch.setattr(os, "write", limited)


def no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("breaks", [no_room, no_sync], ids=["disk full", "no sync"])
def test_case_48_the_original_survives_a_disk_that_fails(
    breaks: Callable[[pytest.MonkeyPatch], None],
    onto_itself: Callable[[Path], list[str | Path]],
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A disk that fails in the middle costs nothing but time: the original is the file that it was, nothing is left."""
    before, raw = source.stat(), source.read_bytes()
    with monkeypatch.context() as patched:
        breaks(patched)
        run = aprfmt("stamp", source, "--license", "MIT", *onto_itself(source), "--json")
    assert run.code == 3
    assert run.error["kind"] == "file"
    assert same_file(before, source)
    assert source.read_bytes() == raw
    assert names(source.parent) == ["model.apr"]


def test_case_48_the_original_survives_a_refusal(onto_itself: Callable[[Path], list[str | Path]], source: Path) -> None:
    """A corrupt payload is found while the copy is written; the corrupt file stays as it is, byte for byte."""
    flip(source, "b.weight", 100)
    before, raw = source.stat(), source.read_bytes()
    run = aprfmt("stamp", source, "--license", "MIT", *onto_itself(source))
    assert (run.code, run.out) == (4, "")
    assert "APR-F002" in run.err
    assert same_file(before, source)
    assert source.read_bytes() == raw
    assert names(source.parent) == ["model.apr"]


def test_case_48_values_that_stand_there_already_touch_nothing(source: Path) -> None:
    """In place, a stamp that would change nothing says `unchanged` and leaves the file alone, exit code 0."""
    assert aprfmt("stamp", source, *TRIPLE, "-i").code == 0
    before = source.stat()
    run = aprfmt("stamp", source, *TRIPLE, "-i")
    assert run.code == 0
    assert "unchanged" in run.out.lower() + run.err.lower()
    assert same_file(before, source)


# ---- what is written ----


def test_case_49_one_key_leaves_the_others(source: Path) -> None:
    """Only the data source is set: the licence stays, a data licence that was null stays null."""
    first, second = source.with_name("1.apr"), source.with_name("2.apr")
    assert aprfmt("stamp", source, "--license", "MIT", "-o", first).code == 0
    run = aprfmt("stamp", first, "--data-source", "teacher-only", "-o", second, "--json")
    assert run.code == 0
    assert {key: metadata_of(second)[key] for key in PROVENANCE} == {
        "license": "MIT",
        "data_source": "teacher-only",
        "data_license": None,
    }
    assert list(run.json["changed"]) == ["data_source"]


def test_case_50_the_json_has_upstreams_keys(source: Path) -> None:
    """The first eight keys are those of `apr stamp --json` in its order; all six stamped keys are there, nulls too."""
    out = source.with_name("out.apr")
    said = aprfmt("stamp", source, "--data-source", "teacher-only", "-o", out, "--json").json
    upstream = ["command", "input", "output", "input_bytes", "output_bytes", "tensor_count", "stamped"]
    assert list(said)[:8] == [*upstream, "header_flags_bits"]
    assert said["command"] == "stamp"
    assert (said["input"], said["output"]) == (str(source), str(out))
    assert (said["input_bytes"], said["output_bytes"]) == (source.stat().st_size, out.stat().st_size)
    assert said["tensor_count"] == 3
    assert list(said["stamped"]) == list(ALL)
    assert said["stamped"] == dict.fromkeys(ALL) | {"data_source": "teacher-only"}
    assert said["header_flags_bits"] == Flags.QUANTIZED | Flags.LAYOUT_ROW_MAJOR


@pytest.mark.parametrize("name", GOLDENS)
def test_case_51_no_tensor_changes(name: str, tmp_path: Path) -> None:
    """Every tensor has the bytes, type and shape that it had; every flag stays, and LAYOUT_ROW_MAJOR is set."""
    out = tmp_path / "out.apr"
    run = aprfmt("stamp", GOLDEN / name, *TRIPLE, "-o", out, "--json")
    assert run.code == 0
    assert digests(out) == digests(GOLDEN / name)
    assert run.json["header_flags_bits"] == EXPECTED[name]["flags"] | Flags.LAYOUT_ROW_MAJOR
    assert aprfmt("inspect", out, "--json").json["header_flags_bits"] == run.json["header_flags_bits"]
    assert aprfmt("validate", out, "--profile", "publish").code == 0


def test_case_51_flags_that_nobody_knows_stay_too(tmp_path: Path) -> None:
    """A file that claims no layout, and has bits that mean nothing yet: only LAYOUT_ROW_MAJOR is added."""
    tree = api.parse((GOLDEN / "sharded.apr").read_bytes())
    tree["header"]["flags"] |= {"layout_row_major": False, "reserved": 0b1001, "has_vocab": True}
    del tree["header"]["checksum"], tree["footer"]
    path, out = tmp_path / "model.apr", tmp_path / "out.apr"
    path.write_bytes(api.build(tree))
    before = aprfmt("inspect", path, "--json").json["header_flags_bits"]
    assert aprfmt("stamp", path, *TRIPLE, "-o", out).code == 0
    assert aprfmt("inspect", out, "--json").json["header_flags_bits"] == before | Flags.LAYOUT_ROW_MAJOR
    assert digests(out) == digests(path)


CUSTOM = {f"custom.{number:02}": {"n": number, "z": [1.50, "é"], "a": None} for number in range(20)}


def test_case_52_the_same_input_gives_the_same_file(tmp_path: Path) -> None:
    """Twenty custom keys, three processes with other hash seeds, and a stamp on top: always the same bytes."""
    source = model(tmp_path / "model.apr", {"model_type": "qwen2", **CUSTOM})
    made = []
    for seed in ("0", "1", "4242"):
        out = tmp_path / f"{seed}.apr"
        run = process("stamp", source, *TRIPLE, "-o", out, environment={"PYTHONHASHSEED": seed})
        assert (run.code, run.err) == (0, "")
        made.append(out.read_bytes())
    assert made[0] == made[1] == made[2]
    again = tmp_path / "again.apr"
    assert process("stamp", tmp_path / "0.apr", *TRIPLE, "-o", again).code == 0
    assert again.read_bytes() == made[0]
    assert [key for key in metadata_of(again) if key in CUSTOM] == list(CUSTOM)
    assert {key: value for key, value in metadata_of(again).items() if key in CUSTOM} == CUSTOM


def test_case_53_explicit_nulls_stay(tmp_path: Path) -> None:
    """A file whose writer spelt out every absent key as null keeps each of them, in its place: one value changes."""
    schema = json.loads((REPOSITORY / "spec" / "metadata.schema.json").read_text(encoding="utf-8"))
    given = {"model_type": "linear_regression", "total_size": 0, "param_count": 0}
    nulls = {key: given.get(key) for key in schema["properties"]}
    raw = json.dumps(nulls, separators=(",", ":")).encode()
    source, out = model(tmp_path / "model.apr", raw), tmp_path / "out.apr"
    assert aprfmt("stamp", source, "--license", "MIT", "-o", out).code == 0
    with api.open(out) as made:
        assert bytes(made.metadata.raw) == raw.replace(b'"license":null', b'"license":"MIT"')
    assert sum(value is None for value in metadata_of(out).values()) == len(nulls) - len(given) - 1
    assert digests(out) == digests(source)


@pytest.mark.parametrize("row", stamp_rows(), ids=lambda row: f"{row['file']}-{'-'.join(row['patch'])}")
def test_case_53_the_sizes_are_those_of_the_reference(row: dict[str, Any], tmp_path: Path) -> None:
    """Where the writer left no nulls but those that the reference writes, the output has the size of its output."""
    options = [part for key, value in row["patch"].items() for part in (f"--{key.replace('_', '-')}", value)]
    said = aprfmt("stamp", GOLDEN / row["file"], *options, "-o", tmp_path / "out.apr", "--json").json
    assert said["output_bytes"] == row["bytes"]


# ---- files that are not what they should be ----


def test_case_54_a_wrong_header_checksum_is_refused(source: Path) -> None:
    """A header that its own checksum contradicts: no APR file as far as a stamp is concerned, and no output."""
    tree = api.parse(source.read_bytes())
    tree["header"]["checksum"] ^= 1
    source.write_bytes(api.build(tree))
    for extra in (("-o", source.with_name("out.apr")), ("-n",), ("-i",)):
        run = aprfmt("stamp", source, *TRIPLE, *extra, "--json")
        assert run.code == 4
        assert (run.error["kind"], run.error["rule_id"], run.error["field"]) == (
            "format",
            "APR-H006",
            "header.checksum",
        )
    assert names(source.parent) == ["model.apr"]


IN_PLACE = ("-i", "--layout", "canonical"), ("-i", "--verify", "full"), ("-i", "--receipt", "r.json")


@pytest.mark.parametrize("extra", [("-o", "OUT"), ("-f", "-o", "OUT"), ("-n",), *IN_PLACE], ids="".join)
def test_case_55_a_corrupt_payload_is_not_laundered(extra: tuple[str, ...], source: Path) -> None:
    """One flipped bit in a tensor under a footer that has seen better days: refused, never given a fresh footer."""
    flip(source, "c.weight", 7)
    raw = source.read_bytes()
    options = [source.with_name("out.apr") if part == "OUT" else part for part in extra]
    run = aprfmt("stamp", source, *TRIPLE, *options)
    assert (run.code, run.out) == (4, "")
    assert "[APR-F002]" in run.err
    assert names(source.parent) == ["model.apr"]
    assert source.read_bytes() == raw


def test_case_55_a_stamp_in_place_keeps_the_footer_as_wrong_as_it_was(source: Path) -> None:
    """What nobody read is not certified either: the footer goes on telling of the very bit."""
    flip(source, "c.weight", 7)
    before = aprfmt("validate", source, "--json").json["findings"]
    run = aprfmt("stamp", source, *TRIPLE, "-i", "--json")
    assert run.code == 0
    assert run.json["rules_skipped"] == ["APR-D006", "APR-F002"]
    after = aprfmt("validate", source, "--json").json["findings"]
    told = [[item for item in found if item["rule"] == "APR-F002"] for found in (before, after)]
    assert len(told[0]) == len(told[1]) == 1
    assert all("bit 0 of byte" in found[0]["message"] and "'c.weight'" in found[0]["message"] for found in told)


def test_case_55_what_is_accepted_by_name_stays_as_wrong(source: Path) -> None:
    """Somebody who knows better may let the fault through; whoever gets the file still finds it."""
    flip(source, "c.weight", 7)
    out = source.with_name("out.apr")
    run = aprfmt("stamp", source, *TRIPLE, "--accept", "APR-F002", "-o", out)
    assert run.code == 0
    assert "accepted" in run.err
    assert aprfmt("inspect", out, "--check").code == 4
    assert digests(out) == digests(source)


# ---- size ----

PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
"""A program that says how much memory another one held at most; it has no other children."""


def peak_kib(*args: str | Path) -> int:
    command = [sys.executable, "-c", PEAK, sys.executable, "-m", "aprfmt", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs from system to system")
@pytest.mark.parametrize("proved", [False, True], ids=["without a receipt", "with a receipt"])
def test_case_56_memory_does_not_depend_on_the_size(proved: bool, tmp_path: Path) -> None:
    """A file of 256 MiB is stamped in the memory that one of 1 MiB takes, and 32 MiB on top at most.

    The promise is about 8 GiB; a fraction of it is written here, so that the test takes seconds. Nothing in between
    grows: what is held is the head of the file and one piece of its data.
    """
    peaks = []
    for name, nbytes in (("small", 1 << 20), ("large", 1 << 28)):
        source, out = large_model(tmp_path / f"{name}.apr", nbytes), tmp_path / f"{name}-out.apr"
        receipt = ("--receipt", tmp_path / f"{name}.json") if proved else ()
        peaks.append(peak_kib("stamp", source, *TRIPLE, "-o", out, "-q", *receipt))
        assert (out.stat().st_size - source.stat().st_size) % facts.ALIGNMENT == 0
        out.unlink()
    assert peaks[1] - peaks[0] < 1 << 15


@pytest.mark.parametrize("value", ["MIT", "x" * 200, "x" * 4000])
def test_case_56_eight_gib_grow_by_whole_steps(value: str, tmp_path: Path) -> None:
    """A file of 8 GiB: its size changes by a multiple of the alignment that the specification states, or not at all.

    Only the head is looked at here: the plan of the stamp says how large the output becomes before a byte is copied.
    Reading all 8 GiB would take half a minute.
    """
    path = large_model(tmp_path / "large.apr", 1 << 33)
    with open_source(path) as opened:
        planned = plan_stamp(Container(opened), ProvenancePatch(license="MIT", description=value))
    grown = planned.output_nbytes - path.stat().st_size
    assert grown % facts.ALIGNMENT == 0
    assert grown in range(len(value) + 3 * facts.ALIGNMENT)
    assert aprfmt("inspect", path, "--json").json["size_bytes"] == path.stat().st_size
