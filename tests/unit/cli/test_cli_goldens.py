"""Every command on every golden file says what the reference says."""

from __future__ import annotations

import struct
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import GOLDEN, GOLDENS, aprfmt, expected, names, stamp_rows

import aprfmt as api

EXPECTED = expected()
PROVENANCE = ("license", "data_source", "data_license")
STAMPED = (*PROVENANCE, "hf_architecture", "hf_model_type", "architecture")

UPSTREAM_STAMP = [
    "command",
    "input",
    "output",
    "input_bytes",
    "output_bytes",
    "tensor_count",
    "stamped",
    "header_flags_bits",
]


@pytest.mark.parametrize("name", GOLDENS)
def test_inspect_says_what_the_reference_says(name: str) -> None:
    wanted = EXPECTED[name]
    run = aprfmt("inspect", GOLDEN / name, "--json")
    said = run.json
    assert (run.code, run.err) == (0, "")
    # The first keys are those of upstream, in its order.
    assert list(said)[:7] == ["file", "valid", "format", "version", "tensor_count", "size_bytes", "checksum_valid"]
    assert said["file"] == str(GOLDEN / name)
    assert said["valid"] is True
    assert said["checksum_valid"] is True
    assert said["format"] == "APR v2"
    assert said["version"] == ".".join(map(str, wanted["version"]))
    assert said["tensor_count"] == wanted["tensor_count"]
    assert said["size_bytes"] == wanted["bytes"]
    assert said["header_flags_bits"] == wanted["flags"]
    assert said["header"] == {
        "metadata_offset": wanted["metadata_offset"],
        "metadata_size": wanted["metadata_size"],
        "tensor_index_offset": wanted["tensor_index_offset"],
        "data_offset": wanted["data_offset"],
        "checksum": f"0x{wanted['checksum']}",
        "reserved": "00" * 20,
    }
    assert said["sections"]["tensor_data"] == [wanted["data_offset"], wanted["required_len"]]
    assert said["sections"]["footer"] == [wanted["required_len"], wanted["required_len"] + 4]
    assert said["sections"]["trailing"] is None
    known = {key: value for key, value in said["metadata"].items() if value is not None}
    theirs = {key: value for key, value in wanted["metadata"].items() if value is not None}
    if "rms_norm_eps" in known:  # of single precision in the reference
        assert struct.pack("<f", known["rms_norm_eps"]) == struct.pack("<f", theirs["rms_norm_eps"])
        known["rms_norm_eps"] = theirs["rms_norm_eps"]
    assert known == {key: value for key, value in theirs.items() if key not in said["custom_keys"]}
    assert set(said["custom_keys"]) <= set(theirs)
    assert said["provenance"] == {key: theirs.get(key) for key in PROVENANCE}
    assert "error" not in said


@pytest.mark.parametrize("name", GOLDENS)
def test_inspect_shows_every_flag_by_name(name: str) -> None:
    flags = aprfmt("inspect", GOLDEN / name, "--json").json["flags"]
    bits = list(flags)
    assert bits[:2] == ["lz4_compressed", "zstd_compressed"]
    assert bits[-3:] == ["layout_row_major", "layout_column_major", "reserved"]
    value = sum(flags[bit] << position for position, bit in enumerate(bits))
    assert value == EXPECTED[name]["flags"]


@pytest.mark.parametrize("name", GOLDENS)
def test_the_footer_is_shown_as_stored_and_verified_when_asked(name: str) -> None:
    raw = (GOLDEN / name).read_bytes()
    stored = f"{int.from_bytes(raw[-4:], 'little'):#010x}"
    said = aprfmt("inspect", GOLDEN / name, "--json").json["footer"]
    assert said == {"present": True, "stored": stored, "valid": None}
    said = aprfmt("inspect", GOLDEN / name, "--json", "--check").json["footer"]
    assert said == {"present": True, "stored": stored, "valid": True}
    assert f"Footer checksum  {stored} (not checked)" in aprfmt("inspect", GOLDEN / name).out
    assert f"Footer checksum  {stored} (valid)" in aprfmt("inspect", GOLDEN / name, "--check").out


@pytest.mark.parametrize("name", GOLDENS)
def test_the_text_of_inspect_always_has_the_provenance(name: str) -> None:
    run = aprfmt("inspect", GOLDEN / name)
    wanted = EXPECTED[name]["metadata"]
    lines = [f"    {key}: {wanted.get(key) or '(missing)'}" for key in PROVENANCE]
    assert (run.code, run.err) == (0, "")
    assert "\n".join(["", "  Provenance:", *lines, ""]) in run.out
    assert run.out.startswith(f"{GOLDEN / name}\n")
    assert f"{EXPECTED[name]['bytes']} bytes" in run.out


def test_missing_and_empty_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.apr"
    assert aprfmt("stamp", GOLDEN / "sharded.apr", "--data-source", "", "-o", path).code == 0
    assert '    license: (missing)\n    data_source: ""\n    data_license: (missing)\n' in aprfmt("inspect", path).out
    said = aprfmt("inspect", path, "--json").json["provenance"]
    assert said == {"license": None, "data_source": "", "data_license": None}


@pytest.mark.parametrize("name", GOLDENS)
def test_tensors_lists_what_the_reference_lists(name: str) -> None:
    wanted = EXPECTED[name]
    run = aprfmt("tensors", GOLDEN / name, "--json")
    said = run.json
    assert (run.code, run.err) == (0, "")
    assert said["tensor_count"] == len(wanted["tensors"])
    assert said["total_size_bytes"] == sum(tensor["size"] for tensor in wanted["tensors"])
    assert [list(tensor)[:4] for tensor in said["tensors"]] == [["name", "shape", "dtype", "size_bytes"]] * len(
        wanted["tensors"]
    )
    for ours, theirs in zip(said["tensors"], wanted["tensors"], strict=True):
        assert ours["name"] == theirs["name"]
        assert ours["shape"] == theirs["shape"]
        assert ours["dtype"] == theirs["dtype"].lower()
        assert ours["size_bytes"] == theirs["size"]
        assert ours["data_offset"] == theirs["offset"]
        start = wanted["data_offset"] + theirs["offset"]
        assert ours["file_span"] == [start, start + theirs["size"]]


@pytest.mark.parametrize("name", GOLDENS)
def test_the_text_of_tensors_has_a_line_for_each_and_a_total(name: str) -> None:
    wanted = EXPECTED[name]["tensors"]
    run = aprfmt("tensors", GOLDEN / name)
    lines = run.out.splitlines()
    assert (run.code, run.err) == (0, "")
    assert len(lines) == (len(wanted) + 2 if wanted else 1)
    for line, tensor in zip(lines[1:], wanted, strict=False):
        assert line.endswith(f"  {tensor['name']}")
        assert line.startswith(f"{tensor['dtype'].lower()} ")
        assert f" {tensor['size']}  " in line
        assert ("x".join(map(str, tensor["shape"])) or "scalar") in line
    assert lines[-1].startswith(f"{len(wanted)} tensor{'' if len(wanted) == 1 else 's'}, ")


def test_no_tensors_are_a_total_of_none() -> None:
    assert aprfmt("tensors", GOLDEN / "no_tensors.apr").out == "0 tensors, 0 bytes\n"
    assert aprfmt("tensors", GOLDEN / "no_tensors.apr", "--json").json["tensors"] == []


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("f", ["a.f32", "b.f16", "c.f64", "f.i8", "j.bf16"]),
        (".f", ["a.f32", "b.f16", "c.f64"]),
        ("?.f*", ["a.f32", "b.f16", "c.f64"]),
        ("*.q[46]_k", ["h.q4_k", "i.q6_k"]),
        ("[ab]", []),  # no * and no ?: a substring
        ("A.F32", []),
        ("", [f"{tensor['name']}" for tensor in EXPECTED["every_dtype.apr"]["tensors"]]),
    ],
)
def test_a_filter_is_a_glob_or_a_substring(pattern: str, wanted: list[str]) -> None:
    said = aprfmt("tensors", GOLDEN / "every_dtype.apr", "--json", "--filter", pattern).json
    assert [tensor["name"] for tensor in said["tensors"]] == wanted
    assert said["tensor_count"] == len(wanted)


@pytest.mark.parametrize(("limit", "listed"), [("0", 14), ("1", 1), ("13", 13), ("14", 14), ("99", 14)])
def test_a_limit_shortens_the_list_and_not_the_totals(limit: str, listed: int) -> None:
    said = aprfmt("tensors", GOLDEN / "every_dtype.apr", "--json", "--limit", limit).json
    assert len(said["tensors"]) == listed
    assert (said["tensor_count"], said["total_size_bytes"]) == (14, 742)
    text = aprfmt("tensors", GOLDEN / "every_dtype.apr", "--limit", limit).out
    assert text.endswith("14 tensors, 742 bytes\n" if listed == 14 else f"; {14 - listed} not listed\n")


def test_more_about_tensors_when_asked() -> None:
    lines = aprfmt("tensors", GOLDEN / "every_dtype.apr", "-v").out.splitlines()
    assert lines[0].split() == ["DTYPE", "SHAPE", "BYTES", "DATA", "OFFSET", "IN", "FILE", "NAME"]
    assert lines[2].split() == ["f16", "5", "10", "64", "0x380..0x38a", "b.f16"]


def options_of(patch: dict[str, str]) -> list[str]:
    return [part for key, value in patch.items() for part in (f"--{key.replace('_', '-')}", value)]


@pytest.mark.parametrize("row", stamp_rows(), ids=lambda row: f"{row['file']}-{'-'.join(row['patch'])}")
def test_a_stamp_is_the_file_that_the_reference_makes(row: dict[str, Any], tmp_path: Path) -> None:
    source, target = GOLDEN / row["file"], tmp_path / "out.apr"
    run = aprfmt("stamp", source, *options_of(row["patch"]), "-o", target, "--json")
    said = run.json
    made = target.read_bytes()
    assert (run.code, run.err) == (0, "")
    assert list(said)[:8] == UPSTREAM_STAMP
    assert said["command"] == "stamp"
    assert (said["input"], said["output"]) == (str(source), str(target))
    assert (said["input_bytes"], said["output_bytes"]) == (source.stat().st_size, len(made))
    assert said["tensor_count"] == EXPECTED[row["file"]]["tensor_count"]
    assert said["header_flags_bits"] == EXPECTED[row["file"]]["flags"] | 0x400
    before = {key: EXPECTED[row["file"]]["metadata"].get(key) for key in STAMPED}
    assert list(said["stamped"]) == list(STAMPED)
    assert said["stamped"] == {**before, **row["patch"]}
    assert said["changed"] == {
        key: {"before": before[key], "after": value} for key, value in row["patch"].items() if before[key] != value
    }
    assert (said["dry_run"], said["notes"]) == (False, [])
    if row["file"] == "streaming_order.apr":
        # The reference packs the data anew, in the order of the names. Here it stays as the writer laid it out.
        assert sha256(made).hexdigest() != row["sha256"]
        with api.open(source) as old, api.open(target) as new:
            start, stop = (span for span in (old.sections["tensor_data"], new.sections["tensor_data"]) if span)
            assert made[slice(*stop)] == source.read_bytes()[slice(*start)]
            assert [tensor.entry for tensor in new.tensors] == [tensor.entry for tensor in old.tensors]
            assert new.payload_digest() == old.payload_digest()
    else:
        assert len(made) == row["bytes"]
        assert sha256(made).hexdigest() == row["sha256"]


def test_the_text_of_a_stamp_shows_what_changed(tmp_path: Path) -> None:
    first, second = tmp_path / "1.apr", tmp_path / "2.apr"
    run = aprfmt("stamp", GOLDEN / "sharded.apr", "--license", "MIT", "--author", "A. N. Other", "-o", first)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines() == [
        f"Stamped {GOLDEN / 'sharded.apr'} -> {first} (1 tensor, 516 -> {first.stat().st_size} bytes)",
        "  license:         (missing) -> MIT",
        "  data_source:     (missing)",
        "  data_license:    (missing)",
        "  hf_architecture: (missing)",
        "  hf_model_type:   (missing)",
        "  architecture:    (missing)",
        "  author:          (missing) -> A. N. Other",
    ]
    run = aprfmt("stamp", first, "--author", "", "--data-source", "teacher-only", "-o", second, "-v")
    assert run.out.splitlines()[1:3] == [
        "  license:         MIT",
        "  data_source:     (missing) -> teacher-only",
    ]
    assert run.out.splitlines()[7] == '  author:          A. N. Other -> ""'
    assert run.out.splitlines()[-1] == "  flags:           0x0430 sharded, quantized, layout_row_major"


def test_a_second_stamp_changes_nothing_and_says_so(tmp_path: Path) -> None:
    first, second = tmp_path / "1.apr", tmp_path / "2.apr"
    aprfmt("stamp", GOLDEN / "sharded.apr", "--license", "MIT", "-o", first)
    run = aprfmt("stamp", first, "--license", "MIT", "-o", second)
    assert run.err == "note: every key had its value already\n"
    assert "->" not in "".join(run.out.splitlines()[1:])
    assert second.read_bytes() == first.read_bytes()


def test_every_key_that_can_be_stamped_has_an_option(tmp_path: Path) -> None:
    from aprfmt.provenance import STAMP_KEYS

    patch = {key: f"value of {key}" for key in STAMP_KEYS} | {"license": "MIT", "data_license": "CC0-1.0"}
    options = options_of({("model_version" if key == "version" else key): value for key, value in patch.items()})
    run = aprfmt("stamp", GOLDEN / "sharded.apr", *options, "-o", tmp_path / "out.apr", "--json")
    assert run.json["stamped"] == patch
    with api.open(tmp_path / "out.apr") as made:
        assert {key: made.metadata[key] for key in STAMP_KEYS} == patch


@pytest.mark.parametrize(
    ("which", "file"),
    [
        ("ksy", "spec/apr_v2.ksy"),
        ("metadata", "spec/metadata.schema.json"),
        ("readme", "spec/README.md"),
        ("magic", "exports/apr.magic"),
        ("mime", "exports/aprfmt.xml"),
        ("imhex", "exports/apr_v2.hexpat"),
    ],
)
def test_spec_prints_the_specification_as_it_is(which: str, file: str) -> None:
    raw = (GOLDEN.parents[2] / file).read_bytes()
    run = aprfmt("spec", which)
    assert (run.code, run.out.encode(), run.err) == (0, raw, "")
    said = aprfmt("spec", which, "--json").json
    assert said == {"name": Path(file).name, "sha256": sha256(raw).hexdigest(), "text": raw.decode()}
    assert sha256(raw).hexdigest() in aprfmt("spec", which, "-v").err
    assert aprfmt("spec", which, "-q") == (0, "", "")


def test_spec_is_the_layout_unless_another_file_is_named() -> None:
    assert aprfmt("spec") == aprfmt("spec", "ksy")


@pytest.mark.parametrize("name", GOLDENS)
def test_quiet_is_quiet(name: str, tmp_path: Path) -> None:
    for verb in ("inspect", "tensors"):
        assert aprfmt(verb, GOLDEN / name, "-q") == (0, "", "")
    assert aprfmt("stamp", GOLDEN / name, "--license", "MIT", "-o", tmp_path / "out.apr", "-q") == (0, "", "")
    assert names(tmp_path) == ["out.apr"]


@pytest.mark.parametrize("place", [("--json", None), (None, "--json"), ("--json", "--json")])
@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_json_may_stand_before_and_behind_the_file(verb: str, place: tuple[str | None, str | None]) -> None:
    before, after = ([] if part is None else [part] for part in place)
    rest = ["--license", "MIT", "-n"] if verb == "stamp" else []
    run = aprfmt(verb, *before, GOLDEN / "sharded.apr", *after, *rest)
    assert run.code == 0
    assert run.json["tensor_count"] == 1
