"""An inspection shows what can be read, and None where a fault is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.rules.crafting import QUIET, SIZE, craft, entry_a, entry_b

from aprfmt import Limits
from aprfmt.container import Container
from aprfmt.ops.inspect import SAID_ANYWAY, Inspection, inspect
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
