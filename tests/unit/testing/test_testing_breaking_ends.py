"""What broken ends of files reach, and the nearest fault that they shrink to."""

from __future__ import annotations

from tests.unit.testing.drawing_kit import broken, lenient, many, report_of, smallest_of

from aprfmt.testing import containers


def test_a_footer_loses_one_byte_to_three() -> None:
    found = {report_of(raw).findings[0].found for raw in broken("APR-F001", 30)}
    assert found == {"1 bytes", "2 bytes", "3 bytes"}


def test_a_footer_is_wrong_by_itself_or_for_a_byte_of_a_tensor() -> None:
    messages = [report_of(raw).findings[0].message for raw in many(containers(breaking="APR-F002", min_tensors=1), 80)]
    assert any("in tensor_data of tensor" in message for message in messages)
    assert any("in footer.checksum" in message for message in messages)
    assert any("one flipped bit" not in message for message in messages)


def test_what_follows_a_footer_shrinks_to_one_zero_byte() -> None:
    raw = smallest_of("APR-F004")
    assert lenient(raw).n_trailing_bytes == 1
    assert raw.endswith(b"\0")
    assert max(lenient(raw).n_trailing_bytes for raw in broken("APR-F004", 40)) > 20


def test_a_hidden_footer_is_found_in_files_with_any_number_of_tensors() -> None:
    files = [lenient(raw) for raw in broken("APR-F005", 40)]
    assert {len(file.tensors) for file in files} == {1, 2, 3, 4}
    assert all(file.tensors[-1].data_offset % 64 == 4 for file in files)


def test_a_file_without_a_footer_ends_with_its_data() -> None:
    for raw in broken("APR-F003", 20):
        assert lenient(raw).required_len == len(raw)
