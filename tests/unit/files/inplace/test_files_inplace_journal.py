"""The journal: what it holds, where it lies, and how a torn one is told."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Emulated, Faulty, stamp

from aprfmt.checksum import crc32
from aprfmt.errors import FormatError
from aprfmt.files.inplace import journal_of, journal_path, refuse_journal
from aprfmt.files.inplace.journal import Journal, read_journal, write_journal
from aprfmt.layout import HEADER_SIZE
from aprfmt.limits import DEFAULT_LIMITS

JOURNAL = Journal(
    inode=2**63,
    input_nbytes=5 * 2**40,
    output_nbytes=5 * 2**40 + 8192,
    shift=8192,
    footer_at=5 * 2**40 + 8188,
    mtime_ns=None,
    before=b"old head" * 20 + b"\n",
    header=bytes(range(HEADER_SIZE)),
    body=b"{}\n" * 3000,
    old_footer=b"abcd",
    footer=b"efgh",
)


@given(st.sampled_from([None, 0, 2**62]), st.binary(max_size=30), st.binary(max_size=30))
def test_a_journal_comes_back_as_it_was(mtime_ns: int | None, before: bytes, body: bytes) -> None:
    journal = replace(JOURNAL, mtime_ns=mtime_ns, before=JOURNAL.before + before, body=body)
    assert Journal.decode(journal.encode()) == journal
    assert len(journal.encode()) <= journal.nbytes


def test_every_cut_and_every_flipped_byte_is_noticed() -> None:
    raw = replace(JOURNAL, body=b"{}").encode()
    assert all(Journal.decode(raw[:end]) is None for end in range(len(raw)))
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 0x80]) + raw[at + 1 :]
        try:
            assert Journal.decode(flipped) is None
        except FormatError as error:
            assert "another version" in str(error)  # noqa: PT017 - which of the two depends on the byte
    assert Journal.decode(raw + b"\0") is None
    assert Journal.decode(b"") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"shift": 8192', b'"shift": true'),
        (b'"shift": 8192', b'"shift": "1"'),
        (b'"shift": 8192', b'"shift": -64'),
        (b'"shift": 8192', b'"shift": 63'),
        (b'"before": 161', b'"before": -161'),
        (b'"before": 161', b'"before": null'),
        (b'"inode"', b'"other"'),
        (b"{", b"["),
        (b"{", b"[" * 4000),
        (b"{", b" " * 5000 + b"{"),
    ],
)
def test_a_whole_journal_that_somebody_else_made_is_not_taken_for_a_torn_one(old: bytes, new: bytes) -> None:
    _, _, rest = JOURNAL.encode().partition(b"\n")
    assert old in rest
    rest = rest.replace(old, new, 1)
    with pytest.raises(FormatError, match="a journal that no stamp makes"):
        Journal.decode(b"aprfmt-journal 1 %08x\n%s" % (crc32(rest), rest))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"before": b"x" * (HEADER_SIZE - 1)}, "a head of at least a header"),
        ({"shift": 1 << 62}, "a head that ends before the footer"),
        ({"footer_at": -4, "output_nbytes": 0}, "a head that ends before the footer"),
        ({"footer": b"abc"}, "a footer or none"),
        ({"footer": b"", "output_nbytes": JOURNAL.footer_at}, "no footer that goes"),
        ({"input_nbytes": 5}, "the size of what was there"),
        ({"output_nbytes": 5}, "the size of what it becomes"),
        ({"mtime_ns": 1 << 80}, "numbers of 63 bits"),
        ({"input_nbytes": 1 << 63}, "numbers of 63 bits"),
    ],
)
def test_numbers_of_a_journal_must_go_together(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(FormatError, match=f"a journal that no stamp makes: expected {expected}"):
        Journal.decode(replace(JOURNAL, **changes).encode())


def test_a_journal_of_another_version_is_not_taken_for_a_torn_one() -> None:
    with pytest.raises(FormatError, match="another version; expected 1, found '2'"):
        Journal.decode(JOURNAL.encode().replace(b" 1 ", b" 2 ", 1))


def test_a_journal_lies_beside_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "real" / "model.apr"
    path.write_bytes(b"")
    link = tmp_path / "link.apr"
    link.symlink_to(path)
    assert journal_path(link) == journal_path(path) == tmp_path.resolve() / "real" / ".model.apr.aprfmt-journal"


def test_names_that_are_too_long_keep_apart(tmp_path: Path) -> None:
    first, second = (journal_path(tmp_path / ("é" * 120 + end)) for end in ("a.apr", "b.apr"))
    assert first != second
    for path in (first, second):
        path.write_bytes(b"")
        assert len(os.fsencode(path.name)) <= 255


def test_to_ask_for_a_journal_costs_few_imports() -> None:
    script = (
        "import sys, aprfmt.files.inplace as asked; asked.journal_of('x'); before = set(sys.modules); "
        "print(sorted(m for m in before if m.startswith('aprfmt.files.inplace.')))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "['aprfmt.files.inplace.journal', 'aprfmt.files.inplace.system']"


def test_readers_refuse_to_guess(tmp_path: Path) -> None:
    path = tmp_path / "model.apr"
    path.write_bytes(SCENARIOS[0].raw)
    refuse_journal(path)
    assert journal_of(path) is None
    with pytest.raises(Crash):
        stamp(path, SCENARIOS[0], Faulty(Emulated(), 4, "before"))
    assert journal_of(path) == journal_path(path)
    with pytest.raises(FormatError, match=r"expected no journal beside the file, found .*aprfmt-journal"):
        refuse_journal(path)


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "j"
    write_journal(path, JOURNAL, Emulated())
    with pytest.raises(FileExistsError):
        write_journal(path, JOURNAL, Emulated())
    assert read_journal(path) == JOURNAL
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_and_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with pytest.raises(FormatError, match="no regular file"):
        read_journal(tmp_path)
    path.write_bytes(b"")
    os.truncate(path, 1 << 40)
    with pytest.raises(FormatError, match=r"not a journal: .* expected a file of at most"):
        read_journal(path)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(OSError, match="symbolic links"):
        read_journal(link)
    path.unlink()
    write_journal(path, JOURNAL, Emulated())
    with pytest.raises(FormatError, match="not a journal"):
        read_journal(path, replace(DEFAULT_LIMITS, max_metadata_bytes=10, max_index_bytes=10))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_nobody_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "j")
    with pytest.raises(FormatError, match="no regular file"):
        read_journal(tmp_path / "j")


@pytest.mark.parametrize("raw", [b"# Read me\n", b"a", SCENARIOS[0].raw, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0x" + b"\0" * 50])
def test_what_does_not_begin_as_a_journal_is_none(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(raw)
    if raw[0] in b"a\0":  # cut short, or zeros where its first sector is missing
        assert read_journal(path) is None
    else:
        with pytest.raises(FormatError, match=r"not a journal: .*; expected aprfmt-journal, found b'"):
            read_journal(path)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners of files")
def test_a_journal_of_another_user_is_not_carried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that everybody may write, anybody can put a journal beside a file that is not theirs."""
    path = tmp_path / "j"
    write_journal(path, JOURNAL, Emulated())
    mine = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    assert read_journal(path, owner=mine) == JOURNAL
    if mine != 0:
        with pytest.raises(FormatError, match=f"a journal of another user: .*found user {mine}"):
            read_journal(path, owner=4243)
    else:
        os.chown(path, 4244, -1)
        with pytest.raises(FormatError, match=r"another user: .*expected user 0, 4242, 4243, found user 4244"):
            read_journal(path, owner=4243)
        assert read_journal(path, owner=4244) == JOURNAL
