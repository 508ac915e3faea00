"""An inspection shows what can be read, and None where a fault is in the way; what it counts is what the index has."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.rules.crafting import QUIET, SIZE, craft, entry_a, entry_b

from aprfmt import Limits
from aprfmt.container import Container
from aprfmt.layout import facts
from aprfmt.ops.inspect import SAID_ANYWAY, Claim, Inspection, inspect
from aprfmt.rules import Severity, run
from aprfmt.source import CHUNK_BYTES, BytesSource

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
SOUND = craft(metadata=b'{"license":"MIT"}')


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def seen(raw: bytes, *, check: bool = False) -> Inspection:
    return inspect(opened(raw), check=check)


def rules_of(inspection: Inspection) -> list[str]:
    """The rules with a finding, without those that the file breaks as it is."""
    return [finding.rule for finding in inspection.findings if finding.rule not in QUIET]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.apr")), ids=lambda path: path.name)
def test_golden_files_are_sound(path: Path) -> None:
    found = seen(path.read_bytes(), check=True)
    assert found.valid
    assert set(rules_of(found)) == {"stamped.apr": {"APR-H012"}, "streaming_order.apr": {"APR-D008"}}.get(
        path.name, set()
    )
    assert found.checksum_valid
    assert (found.footer_present, found.footer_valid) == (True, True)
    assert found.nbytes == path.stat().st_size
    assert found.metadata is not None


def test_a_sound_file_is_shown_whole() -> None:
    found = seen(SOUND)
    assert (found.nbytes, found.header.num_tensors) == (SIZE, 2)
    assert found.sections["tensor_data"] == (0xC0, 0x140)
    assert found.sections["trailing"] is None
    assert found.provenance == {"license": "MIT", "data_source": None, "data_license": None}
    assert found.footer == int.from_bytes(SOUND[-4:], "little")


def test_the_footer_is_checked_only_when_asked() -> None:
    raw = SOUND[:0xC0] + b"!" + SOUND[0xC1:]
    found = seen(raw)
    assert (found.valid, found.footer_present, found.footer_valid) == (True, True, None)
    found = seen(raw, check=True)
    assert (found.valid, found.footer_valid, rules_of(found)) == (False, False, ["APR-F002"])
    assert found.checksum_valid
    assert found.findings[-1].span == (0x140, 0x144)
    assert found.findings[-1].found == f"{found.footer:#010x}"


def test_a_missing_footer_is_no_fault() -> None:
    found = seen(craft(footer=None), check=True)
    assert found.valid
    assert (found.footer, found.footer_present, found.footer_valid) == (None, False, None)
    assert rules_of(found) == ["APR-F003"]
    assert found.findings[-1].severity is Severity.WARNING


def test_the_checksum_is_that_of_the_header_alone() -> None:
    raw = bytearray(SOUND)
    raw[44] = 1
    found = seen(bytes(raw))
    assert (found.checksum_valid, found.valid) == (False, False)
    assert found.provenance["license"] == "MIT"


def test_metadata_that_cannot_be_read_hide_nothing_else() -> None:
    found = seen(craft(metadata=b"{]"), check=True)
    assert found.metadata is None
    assert found.provenance == {"license": None, "data_source": None, "data_license": None}
    assert found.sections["footer"] == (0x140, 0x144)
    assert (found.footer_valid, found.valid, rules_of(found)) == (True, False, ["APR-M003"])


def test_metadata_of_the_wrong_type_are_shown() -> None:
    found = seen(craft(metadata=b'{"license":5}'))
    assert found.provenance["license"] == 5
    assert rules_of(found) == ["APR-M006"]


def test_an_index_that_cannot_be_read_hides_only_what_needs_it() -> None:
    found = seen(craft(metadata=b'{"license":"MIT"}', header={"num_tensors": 99}), check=True)
    assert rules_of(found) == ["APR-I001"]
    assert found.provenance["license"] == "MIT"
    assert found.sections == {
        "header": (0, 0x40),
        "header_padding": (0x40, 0x40),
        "metadata": (0x40, 0x51),
        "metadata_padding": (0x51, 0x80),
        "tensor_index": (0x80, 0xC0),
    }
    assert (found.footer, found.footer_present, found.footer_valid) == (None, None, None)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (SOUND[:-1], "APR-F001"),
        (SOUND[:0x130], "APR-D004"),
        (SOUND[:0xC4], "APR-D001"),
        (craft(entry_a(), entry_b(ofs_tensor=1 << 63)), "APR-D001"),
    ],
    ids=["in the footer", "in the filler", "in a tensor", "far outside"],
)
def test_a_footer_that_is_not_there_is_unknown_not_absent(raw: bytes, rule: str) -> None:
    found = seen(raw, check=True)
    assert rule in rules_of(found)
    assert (found.footer, found.footer_present, found.footer_valid) == (None, None, None)
    assert found.metadata is not None


def test_trailing_bytes_do_not_enter_the_check() -> None:
    found = seen(SOUND + b"more", check=True)
    assert (found.footer_valid, found.valid, rules_of(found)) == (True, True, ["APR-F004"])


def test_the_pass_over_the_file_reports_progress() -> None:
    nbytes = 2 * CHUNK_BYTES + 64
    raw = craft(entry_a(dtype=7, dims=[nbytes], len_tensor=nbytes), tensor_data=bytes(nbytes))
    container = opened(raw)
    calls: list[tuple[int, int]] = []
    found = inspect(container, check=True, progress=lambda done, total: calls.append((done, total)))
    assert found.footer_valid
    assert calls[-1] == (len(raw) - 4, len(raw) - 4)
    assert len(calls) == 3
    calls.clear()
    inspect(container, progress=lambda done, total: calls.append((done, total)))
    assert calls == []


def test_an_inspection_says_what_a_run_says() -> None:
    for check in (False, True):
        for raw in (SOUND, craft(footer=None), craft(header={"num_tensors": 99}), SOUND[:0xC4], SOUND + b"x"):
            report = run(opened(raw), ignore=SAID_ANYWAY, read_data=check)
            found = seen(raw, check=check)
            assert (found.findings, found.not_kept, found.valid) == (report.findings, report.not_kept, report.valid)


def test_metadata_beyond_a_limit_is_not_shown() -> None:
    found = inspect(Container(BytesSource(SOUND), limits=Limits(max_metadata_bytes=3)))
    assert (found.metadata, found.valid, rules_of(found)) == (None, False, ["APR-L001"])
    assert found.provenance == {"license": None, "data_source": None, "data_license": None}
    assert found.sections["footer"] == (0x140, 0x144)


def test_an_index_beyond_a_limit_is_not_shown() -> None:
    found = inspect(Container(BytesSource(SOUND), limits=Limits(max_index_bytes=3)), check=True)
    assert (found.valid, rules_of(found)) == (False, ["APR-L001"])
    assert found.provenance["license"] == "MIT"
    assert "tensor_data" not in found.sections
    assert (found.footer, found.footer_present, found.footer_valid) == (None, None, None)


def totals(raw: bytes) -> list[tuple[str, int, int | None, int]]:
    dtypes = seen(raw).dtypes
    assert dtypes is not None
    return [(item.dtype, item.n_tensors, item.n_elements, item.nbytes) for item in dtypes]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.apr")), ids=lambda path: path.name)
def test_totals_are_those_of_the_tensors(path: Path) -> None:
    container = opened(path.read_bytes())
    found = inspect(container)
    assert found.dtypes is not None
    for item in found.dtypes:
        own = [tensor for tensor in container.tensors if str(tensor.dtype) == item.dtype]
        assert item.n_tensors == len(own) > 0
        assert item.n_elements == sum(tensor.n_elements for tensor in own)
        assert item.nbytes == sum(tensor.nbytes for tensor in own)
    assert found.n_elements == sum(tensor.n_elements for tensor in container.tensors)
    assert found.tensor_nbytes == sum(tensor.nbytes for tensor in container.tensors)
    assert [item.nbytes for item in found.dtypes] == sorted((item.nbytes for item in found.dtypes), reverse=True)


def test_two_ids_of_one_element_type_are_one() -> None:
    assert totals(craft(entry_a(dtype=8, dims=[32], len_tensor=18), entry_b(dtype=128, dims=[40], len_tensor=36))) == [
        ("apr_q4", 2, 72, 54)
    ]


def test_an_unknown_element_type_is_counted_by_its_id() -> None:
    assert totals(craft(entry_a(dtype=13), entry_b(dtype=200))) == [("unknown(13)", 1, 2, 8), ("unknown(200)", 1, 3, 3)]


def test_a_scalar_is_one_element_and_an_empty_tensor_none() -> None:
    assert totals(craft(entry_a(dims=[], len_tensor=4), entry_b(dims=[5, 0], len_tensor=0))) == [
        ("f32", 1, 1, 4),
        ("u8", 1, 0, 0),
    ]


@pytest.mark.parametrize(
    ("dims", "number"),
    [
        ([2**63, 1], 2**63),
        ([2**63, 2], None),
        ([2**64 - 1] * 255, None),
        ([2**64 - 1] * 254 + [0], 0),
        ([1] * 255, 1),
        ([2] * 9, 512),
    ],
    ids=["half", "one more", "all the same", "with nothing", "ones", "nine"],
)
def test_more_elements_than_a_file_can_hold_are_no_number(dims: list[int], number: int | None) -> None:
    found = seen(craft(entry_a(dims=dims)))
    assert found.dtypes is not None
    assert (found.dtypes[0].n_elements, found.n_elements) == (number, number)
    assert found.tensor_nbytes == 8


def test_possible_numbers_may_have_an_impossible_sum() -> None:
    raw = craft(entry_a(dims=[2**63]), entry_b(dims=[2**63]))
    found = seen(raw)
    assert found.dtypes is not None
    assert [item.n_elements for item in found.dtypes] == [2**63, 2**63]
    assert found.n_elements is None


def test_totals_take_an_index_that_can_be_read() -> None:
    for found in (
        seen(craft(header={"num_tensors": 99})),
        inspect(Container(BytesSource(SOUND), limits=Limits(max_index_bytes=3))),
    ):
        assert (found.dtypes, found.n_elements, found.tensor_nbytes) == (None, None, None)
        assert found.claims == {key: Claim(None, None, None) for key in ("param_count", "total_size")}
    none = seen(craft(tensor_index={"entries": []}, tensor_data=b""))
    assert (none.dtypes, none.n_elements, none.tensor_nbytes) == ((), 0, 0)


@pytest.mark.parametrize(
    ("metadata", "param_count", "total_size"),
    [
        (b"{}", Claim(None, 5, None), Claim(None, 11, None)),
        (b'{"param_count":0,"total_size":0}', Claim(None, 5, None), Claim(None, 11, None)),
        (b'{"param_count":5,"total_size":11}', Claim(5, 5, True), Claim(11, 11, True)),
        (b'{"param_count":6,"total_size":12}', Claim(6, 5, False), Claim(12, 11, False)),
        (b'{"total_size":324}', Claim(None, 5, None), Claim(SIZE, 11, True)),
        (b'{"param_count":324}', Claim(SIZE, 5, False), Claim(None, 11, None)),
        (b'{"param_count":true,"total_size":11.0}', Claim(None, 5, None), Claim(None, 11, None)),
        (b'{"param_count":"5","total_size":null}', Claim(None, 5, None), Claim(None, 11, None)),
        (b'{"param_count":6,"param_count":5}', Claim(5, 5, True), Claim(None, 11, None)),
        (b"[]", Claim(None, 5, None), Claim(None, 11, None)),
    ],
)
def test_what_the_metadata_state_in_sum_is_held_against_the_index(
    metadata: bytes, param_count: Claim, total_size: Claim
) -> None:
    assert seen(craft(metadata=metadata)).claims == {"param_count": param_count, "total_size": total_size}


@pytest.mark.parametrize(
    "raw",
    [
        craft(metadata=b'{"param_count":7,"sharding":{"shard_count":2,"shard_index":0,"total_size":9}}'),
        craft(metadata=b'{"param_count":7}', header={"flags": {"sharded": True}}),
    ],
    ids=["key", "flag"],
)
def test_one_of_several_files_may_state_the_sum_of_all(raw: bytes) -> None:
    assert seen(raw).claims["param_count"] == Claim(7, 5, None)


def test_a_claim_takes_an_index_that_can_be_read() -> None:
    found = seen(craft(metadata=b'{"param_count":7}', header={"num_tensors": 99}))
    assert found.claims["param_count"] == Claim(7, None, None)


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    "raw", [SOUND, craft(metadata=b"{]"), craft(header={"num_tensors": 99}), SOUND[:0xC4]], ids=range(4)
)
def test_every_rule_is_run_skipped_or_left_out(raw: bytes, check: bool) -> None:
    found = seen(raw, check=check)
    parts = [found.rules_run, found.rules_skipped, found.rules_left_out]
    assert sorted(name for part in parts for name in part) == sorted(facts.PROFILES["default"])
    of_data = {name for name, rule in facts.RULES.items() if rule.reads_data and name in facts.PROFILES["default"]}
    assert of_data
    assert set(found.rules_left_out) == {*SAID_ANYWAY, *(() if check else of_data)}
    report = run(opened(raw), ignore=SAID_ANYWAY, read_data=check)
    assert (found.rules_run, found.rules_skipped) == (report.rules_run, report.rules_skipped)
