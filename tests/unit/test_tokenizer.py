"""Tokenizers: what each form of file says, and that nothing which would move an id or drop a merge gets through."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aprfmt.errors import RequestError
from aprfmt.limits import DEFAULT_LIMITS
from aprfmt.metadata import Metadata
from aprfmt.tokenizer import MERGES, MODEL_TYPE, NAMES, VOCAB_SIZE, VOCABULARY, Tokenizer, read_tokenizer

FOLDER = Path(__file__).resolve().parents[1] / "data" / "tokenizers"


def given(name: str) -> dict[str, bytes]:
    """The files of one of the small tokenizers in tests/data."""
    return {path.name: path.read_bytes() for path in (FOLDER / name).iterdir()}


def whole(vocab: Any, *, added: Any = None, **model: Any) -> dict[str, bytes]:
    """A tokenizer.json of a vocabulary, with what else is to stand in its model."""
    document: dict[str, Any] = {"model": {"vocab": vocab, **model}}
    if added is not None:
        document["added_tokens"] = added
    return {"tokenizer.json": json.dumps(document).encode()}


def two(vocab: Any, merges: str | bytes | None = None) -> dict[str, bytes]:
    """A vocab.json, and a merges.txt when there are merges."""
    files = {"vocab.json": json.dumps(vocab).encode()}
    if merges is not None:
        files["merges.txt"] = merges if isinstance(merges, bytes) else merges.encode()
    return files


def fault(files: Mapping[str, bytes], **options: Any) -> str:
    with pytest.raises(RequestError) as caught:
        read_tokenizer(files, **options)
    return str(caught.value)


def tokenizer(*vocabulary: str, merges: tuple[str, ...] | None = None, model_type: str | None = None) -> Tokenizer:
    return Tokenizer(vocabulary, merges, model_type, "tokenizer.json", ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "bpe",
            Tokenizer(
                ("<unk>", "t", "Ġ", "h", "e", "Ġt", "he", "Ġthe", "<|im_end|>", "<|im_start|>"),
                ("Ġ t", "h e", "Ġt he"),
                "BPE",
                "tokenizer.json",
                (),
            ),
        ),
        (
            "bpe_text",
            Tokenizer(("#", "##", "####", "\n", "\n\n"), ("# #", "## ##", "\n \n"), "BPE", "tokenizer.json", ()),
        ),
        ("wordpiece", Tokenizer(("[PAD]", "[UNK]", "un", "##aff", "##able"), None, "WordPiece", "tokenizer.json", ())),
        (
            "unigram",
            Tokenizer(
                ("<unk>", "▁", "▁the", "", "<mask>"),
                None,
                "Unigram",
                "tokenizer.json",
                ("scores are not written: 4 tokens have one",),
            ),
        ),
        (
            "vocab_merges",
            Tokenizer(("t", "Ġ", "Ġt", "#", "##"), ("Ġ t", "# #"), "BPE", "vocab.json and merges.txt", ()),
        ),
    ],
)
def test_the_small_tokenizers(name: str, expected: Tokenizer) -> None:
    assert read_tokenizer(given(name)) == expected


def test_there_is_a_test_for_each_small_tokenizer() -> None:
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {"bpe", "bpe_text", "wordpiece", "unigram", "vocab_merges", "sparse"}


# Which file


def test_tokenizer_json_is_read_alone() -> None:
    files = whole({"a": 0}) | two({"b": 0}, "not merges at all")
    assert read_tokenizer(files) == tokenizer("a")


def test_neither_file() -> None:
    expected = "tokenizer.json: expected this file or vocab.json, found neither"
    assert fault({}) == expected
    assert fault({"merges.txt": b"a b\n"}) == expected
    assert fault({"vocab.txt": b"a\n"}) == expected


def test_names_are_those_that_are_read() -> None:
    assert NAMES == ("tokenizer.json", "vocab.json", "merges.txt")


# Vocabulary


def test_ids_are_positions_whatever_the_order_of_the_file() -> None:
    assert read_tokenizer(whole({"c": 2, "a": 0, "b": 1})).vocabulary == ("a", "b", "c")
    assert read_tokenizer(two({"c": 2, "a": 0, "b": 1})).vocabulary == ("a", "b", "c")


def test_an_array_of_plain_tokens() -> None:
    read = read_tokenizer(whole(["a", "b"], type="WordLevel"))
    assert read == tokenizer("a", "b", model_type="WordLevel")


@pytest.mark.parametrize("score", [0, -1, -2.5, 1e-300])
def test_a_score_is_any_number(score: float) -> None:
    assert read_tokenizer(whole([["a", score], "b"])).notes == ("scores are not written: 1 tokens have one",)


@pytest.mark.parametrize("item", [5, None, True, [], ["b"], ["b", "c"], ["b", True], ["b", None], [1, -1.0], {"b": 1}])
def test_an_array_of_anything_else(item: Any) -> None:
    error = fault(whole(["a", item]))
    assert error.startswith("tokenizer.json: model.vocab[1]: expected a token, or a token and its score, found ")


def test_three_items_are_no_token_and_score() -> None:
    assert fault(whole([["b", -1.0, 2]])).startswith("tokenizer.json: model.vocab[0]: expected a token")


@pytest.mark.parametrize("number", [-1, 1.0, 0.0, "1", True, False, None, [1], {}, -(10**300)])
@pytest.mark.parametrize("files", [two, whole])
def test_an_id_is_a_non_negative_integer(files: Any, number: Any) -> None:
    error = fault(files({"a": 0, "b": number}))
    place = "vocab.json: " if files is two else "tokenizer.json: model.vocab: "
    assert error.startswith(f"{place}expected a non-negative integer as the id of 'b', found ")
    assert len(error) < 200


def test_a_negative_zero_is_no_integer() -> None:
    assert "found -0.0" in fault({"vocab.json": b'{"a": -0}'})


def test_two_tokens_of_one_id() -> None:
    assert fault(two({"a": 0, "b": 1, "c": 1})) == "vocab.json: expected one token at id 1, found 'b' and 'c'"
    where = "tokenizer.json: model.vocab: "
    assert fault(whole({"a": 0, "b": 0})) == f"{where}expected one token at id 0, found 'a' and 'b'"


def test_one_token_twice_in_an_array() -> None:
    error = fault(whole([["a", 0], ["b", 0], ["a", 0]]))
    assert error == "tokenizer.json: model.vocab: expected one id of the token 'a', found 0 and 2"


@pytest.mark.parametrize("text", ['{"a": 0, "b": 1, "a": 1}', '{"a": 0, "b": 1, "\\u0061": 0}'])
def test_one_token_twice_in_an_object(text: str) -> None:
    error = fault({"vocab.json": text.encode()})
    assert error == "vocab.json: the key 'a': expected it once in its object, found it at bytes 1 and 17"
    where = "tokenizer.json: the key 'a': expected it once in its object, found it at bytes 20 and 36"
    assert fault({"tokenizer.json": b'{"model": {"vocab":' + text.encode() + b"}}"}) == where


def test_one_key_twice_anywhere() -> None:
    error = fault({"tokenizer.json": b'{"model": {"vocab": {"a": 0}}, "model": {"vocab": {"b": 0}}}'})
    assert error.startswith("tokenizer.json: the key 'model': expected it once in its object, found it at bytes 1 and ")


@pytest.mark.parametrize("files", [two({}), whole({}), whole([]), whole({}, added=[])])
def test_no_token_at_all(files: dict[str, bytes]) -> None:
    assert fault(files).endswith(".json: expected at least one token, found none")


def test_texts_of_all_kinds_are_tokens() -> None:
    odd = ("", " ", "\n", "\x00", "\x85", "\u2028", "\ufeff", "😀", "\U0010ffff", "a b", '"', "\\", "#version")
    vocab = {token: number for number, token in enumerate(odd)}
    assert read_tokenizer(two(vocab)).vocabulary == odd
    assert read_tokenizer(whole(vocab)).vocabulary == odd
    assert read_tokenizer(whole(list(odd))).vocabulary == odd


def test_a_lone_surrogate_is_no_token() -> None:
    error = fault({"vocab.json": b'{"a": 0, "\\ud800": 1}'})
    assert error == "vocab.json: expected surrogate escapes in pairs, found '\\\\ud800', at byte 10"
    assert read_tokenizer({"vocab.json": b'{"\\ud83d\\ude00": 0}'}).vocabulary == ("😀",)


def test_a_long_or_odd_token_is_shown_short_and_escaped() -> None:
    error = fault(two({"\x1b[31m" + "x" * 10_000: 0, "b": 0}))
    assert "\\x1b[31mxxx" in error
    assert "\x1b" not in error
    assert len(error) < 200


# Added tokens


def test_added_tokens_stand_at_their_ids() -> None:
    added = [{"id": 3, "content": "<d>"}, {"id": 1, "content": "<b>"}]
    assert read_tokenizer(whole({"a": 0, "c": 2}, added=added)).vocabulary == ("a", "<b>", "c", "<d>")
    assert read_tokenizer(whole(["a"], added=[{"id": 1, "content": "<b>"}])).vocabulary == ("a", "<b>")
    assert read_tokenizer(whole({}, added=[{"id": 0, "content": "<b>"}])).vocabulary == ("<b>",)


def test_an_added_token_that_the_vocabulary_has_too() -> None:
    same = [{"id": 1, "content": "b"}, {"id": 1, "content": "b"}]
    assert read_tokenizer(whole({"a": 0, "b": 1}, added=same)).vocabulary == ("a", "b")


def test_an_added_token_at_the_id_of_another() -> None:
    error = fault(whole({"a": 0, "b": 1}, added=[{"id": 0, "content": "a"}, {"id": 1, "content": "<s>"}]))
    assert error == "tokenizer.json: added_tokens[1]: expected one token at id 1, found 'b' and '<s>'"
    twice = [{"id": 1, "content": "<s>"}, {"id": 1, "content": "</s>"}]
    error = fault(whole({"a": 0}, added=twice))
    assert error == "tokenizer.json: added_tokens[1]: expected one token at id 1, found '<s>' and '</s>'"


def test_an_added_token_under_another_id() -> None:
    error = fault(whole({"a": 0}, added=[{"id": 1, "content": "a"}]))
    assert error == "tokenizer.json: added_tokens[0]: expected one id of the token 'a', found 0 and 1"
    error = fault(whole({"a": 0}, added=[{"id": 1, "content": "b"}, {"id": 2, "content": "b"}]))
    assert error == "tokenizer.json: added_tokens[1]: expected one id of the token 'b', found 1 and 2"


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ({}, "added_tokens: expected an array of objects, found {}"),
        (5, "added_tokens: expected an array of objects, found 5"),
        (["<s>"], "added_tokens[0]: expected an object, found '<s>'"),
        ([{"id": 1}], "added_tokens[0].content: expected a string, found nothing"),
        ([{"id": 1, "content": 5}], "added_tokens[0].content: expected a string, found 5"),
        ([{"content": "b"}], "added_tokens[0]: expected a non-negative integer as the id of 'b', found null"),
        (
            [{"id": True, "content": "b"}],
            "added_tokens[0]: expected a non-negative integer as the id of 'b', found true",
        ),
    ],
)
def test_added_tokens_that_are_none(added: Any, expected: str) -> None:
    assert fault(whole({"a": 0}, added=added)) == f"tokenizer.json: {expected}"


def test_added_tokens_may_be_null() -> None:
    assert read_tokenizer({"tokenizer.json": b'{"added_tokens": null, "model": {"vocab": ["a"]}}'}) == tokenizer("a")


# Ids without a token


def test_sparse_ids_are_listed() -> None:
    error = fault(given("sparse"))
    expected = "vocab.json: expected a token at each id from 0 to 7"
    assert error == f"{expected}, found none at 5 of 8 ids (1, 3 to 6); --fill-gaps puts a placeholder there"


def test_a_gap_at_the_front() -> None:
    assert "found none at 2 of 3 ids (0 to 1);" in fault(two({"a": 2}))


def test_few_ranges_are_listed_and_the_others_counted() -> None:
    def listed(ranges: int) -> str:
        return fault(two({str(number): 2 * number + 1 for number in range(ranges)}))

    assert "10 of 20 ids (0, 2, 4, 6, 8, 10, 12, 14, 16, 18);" in listed(10)
    assert "11 of 22 ids (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, and 1 more ranges);" in listed(11)


def test_a_gap_between_vocabulary_and_added_tokens() -> None:
    files = whole(["a"], added=[{"id": 2, "content": "<s>"}])
    assert "tokenizer.json: expected a token at each id from 0 to 2, found none at 1 of 3 ids (1)" in fault(files)
    assert read_tokenizer(files, fill_gaps="-").vocabulary == ("a", "-", "<s>")


def test_gaps_are_filled() -> None:
    read = read_tokenizer(given("sparse"), fill_gaps="<unused{id}>")
    assert read.vocabulary == ("a", "<unused1>", "b", *(f"<unused{number}>" for number in range(3, 7)), "c")
    assert read.notes == ("5 of 8 ids (1, 3 to 6) had no token and got the placeholder '<unused{id}>'",)
    assert read_tokenizer(given("sparse"), fill_gaps="<gap>").vocabulary[1] == "<gap>"
    assert read_tokenizer(given("sparse"), fill_gaps="{}{id}{id}").vocabulary[3] == "{}33"


def test_a_vocabulary_without_gaps_needs_no_placeholder() -> None:
    assert read_tokenizer(whole({"a": 0, "": 1}), fill_gaps="a") == tokenizer("a", "")


def test_the_empty_token_is_no_gap() -> None:
    assert read_tokenizer(two({"": 0, "b": 2}), fill_gaps="-").vocabulary == ("", "-", "b")


def test_a_placeholder_that_is_a_token() -> None:
    error = fault(given("sparse"), fill_gaps="b")
    assert error == "vocab.json: id 1: expected a placeholder that is no token, found 'b', which has id 2"
    error = fault(two({"<3>": 0, "b": 4}), fill_gaps="<{id}>")
    assert error == "vocab.json: id 3: expected a placeholder that is no token, found '<3>', which has id 0"


def test_a_placeholder_is_some_text() -> None:
    assert fault(given("sparse"), fill_gaps="").startswith("fill_gaps: expected a text")
    error = fault(given("sparse"), fill_gaps="\udcff")
    assert error == "fill_gaps: the text is not UTF-8: found the byte 0xff"


# Merges


@pytest.mark.parametrize("merge", ["a b", ["a", "b"]])
def test_both_forms_of_a_merge(merge: Any) -> None:
    assert read_tokenizer(whole(["a", "b"], merges=[merge])).merges == ("a b",)


@pytest.mark.parametrize("merges", [[], None])
def test_no_merges(merges: Any) -> None:
    assert read_tokenizer(whole(["a"], merges=merges)) == tokenizer("a")
    assert VOCABULARY in read_tokenizer(whole(["a"])).members()


@pytest.mark.parametrize(
    "merge",
    [
        "",
        " ",
        "a",
        "a b c",
        "a  b",
        " a",
        "a ",
        [],
        ["a"],
        ["a", ""],
        ["", "b"],
        ["a", "b", "c"],
        ["a", 1],
        5,
        None,
        {},
    ],
)
def test_a_merge_is_two_tokens(merge: Any) -> None:
    error = fault(whole(["a", "b"], merges=["a b", merge]))
    assert error.startswith("tokenizer.json: model.merges[1]: expected two tokens, found ")


@pytest.mark.parametrize("merge", [["a b", "c"], ["a", "b c"]])
def test_a_merge_of_a_token_with_a_space(merge: list[str]) -> None:
    error = fault(whole(["a", "b"], merges=[merge]))
    assert error.startswith("tokenizer.json: model.merges[0]: expected tokens without a space, because ")
    assert error.endswith(f", found {json.dumps(merge)}")


@pytest.mark.parametrize("merges", [{}, "a b", 5])
def test_merges_are_an_array(merges: Any) -> None:
    assert fault(whole(["a"], merges=merges)).startswith("tokenizer.json: model.merges: expected an array of merges")


def test_merges_outside_the_vocabulary() -> None:
    read = read_tokenizer(whole(["a", "b"], merges=["a b", "a c", ["d", "b"]]))
    assert read.merges == ("a b", "a c", "d b")
    assert read.notes == ("merges that name a token that the vocabulary does not have: 2, the first 'a c'",)
    assert read_tokenizer(two({"a": 0}, "a a\n")).notes == ()


def test_a_merge_may_name_an_added_token_or_a_placeholder() -> None:
    files = whole(["a"], merges=["a <s>", "<1> a"], added=[{"id": 2, "content": "<s>"}])
    assert len(read_tokenizer(files, fill_gaps="<{id}>").notes) == 1


@pytest.mark.parametrize(
    ("text", "merges"),
    [
        ("", None),
        ("\n", None),
        ("#version: 0.2\n", None),
        ("#version: 0.2", None),
        ("#version: 0.2\n# #\n", ("# #",)),
        ("# #\n## ##\n", ("# #", "## ##")),
        ("a b\n#version c\n", ("a b", "#version c")),
        (" #version\n", "line 1"),
        ("a b", ("a b",)),
        ("a b\n\n\n", ("a b",)),
        ("a b\n\nc d\n", "line 2"),
        ("\na b\n", "line 1"),
        ("#version: 0.2\r\na b\r\nc d\r\n", ("a b", "c d")),
        ("a b\r\n\r\n", ("a b",)),
        ("a b\r\nc d\n", ("a b", "c d")),
        ("a b\rc d\r", "line 1"),
        ("a \x85\n\u2028 b\n\x0b \x0c\n\x1c \u2029\n", ("a \x85", "\u2028 b", "\x0b \x0c", "\x1c \u2029")),
        ("\u00a0 \u3000\n", ("\u00a0 \u3000",)),
        ("a\tb\n", "line 1"),
        ("a b c\n", "line 1"),
        ("a  b\n", "line 1"),
        ("a b\na\n", "line 2"),
        ("#version: 0.2\na\n", "line 2"),
        ("a b\n c\n", "line 2"),
        ("a b\nc \n", "line 2"),
        ("a b\nc \r\n", "line 2"),
        ("a b\n \n", "line 2"),
    ],
)
def test_lines_of_merges(text: str, merges: tuple[str, ...] | str | None) -> None:
    files = two({"a": 0}, text)
    if isinstance(merges, str):
        assert fault(files).startswith(f"merges.txt: {merges}: expected two tokens with a space between, found ")
    else:
        read = read_tokenizer(files)
        assert read.merges == merges
        assert read.model_type == ("BPE" if merges else None)
        assert read.source == "vocab.json and merges.txt"


def test_a_vocabulary_without_merges() -> None:
    assert read_tokenizer(two({"a": 0})) == Tokenizer(("a",), None, None, "vocab.json", ())


def test_merges_that_are_not_utf8() -> None:
    error = fault(two({"a": 0}, b"a b\n\xc4\xa0 t\xed\xa0\x80\n"))
    assert error == "merges.txt: line 2: expected UTF-8, found ed (invalid continuation byte)"


# The type of the model


@pytest.mark.parametrize("model_type", ["BPE", "", "anything"])
def test_the_type_of_the_model_is_what_the_file_says(model_type: str) -> None:
    assert read_tokenizer(whole(["a"], type=model_type)).model_type == model_type


def test_the_type_of_the_model_is_not_guessed() -> None:
    assert read_tokenizer(whole(["a"], type=None, merges=["a a"])).model_type is None


@pytest.mark.parametrize("model_type", [5, ["BPE"], False])
def test_the_type_of_the_model_is_a_string(model_type: Any) -> None:
    assert fault(whole(["a"], type=model_type)).startswith("tokenizer.json: model.type: expected a string, found ")


# Files that are something else


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "model: expected an object, found nothing"),
        ({"model": None}, "model: expected an object, found null"),
        ({"model": []}, "model: expected an object, found []"),
        ({"model": {}}, "model.vocab: expected an object, or an array of tokens, found nothing"),
        ({"model": {"vocab": None}}, "model.vocab: expected an object, or an array of tokens, found null"),
        ({"model": {"vocab": "a"}}, "model.vocab: expected an object, or an array of tokens, found 'a'"),
    ],
)
def test_a_document_without_a_vocabulary(document: Any, expected: str) -> None:
    assert fault({"tokenizer.json": json.dumps(document).encode()}) == f"tokenizer.json: {expected}"


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json"])
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "expected a JSON object, found the end of the file, byte 0"),
        (b"  ", "expected a JSON value, found the end of the file, byte 2"),
        (b"[1]", "expected a JSON object, found '[1]', at byte 0"),
        (b'"a"', "expected a JSON object, found '\"a\"', at byte 0"),
        (b"null", "expected a JSON object, found 'null', at byte 0"),
        (b'{"a": 0', "expected ',' or '}', found the end of the file, byte 7"),
        (b'{"a": 0}}', "expected nothing after the JSON value, found '}', at byte 8"),
        (b'{"a": 0,}', "expected a key in double quotes, found '}', at byte 8"),
        (b'{"a": NaN}', "expected a JSON value, found 'NaN', at byte 6"),
        (b'{"a": 1e999}', "expected a number within the range of a double, found '1e999', at byte 6"),
        (b"{'a': 0}", "expected a key in double quotes, found \"'a': 0}\", at byte 1"),
        (b'\xef\xbb\xbf{"a": 0}', "expected no byte order mark, found one, at byte 0"),
        (b'{"\xff": 0}', "expected UTF-8, found ff (invalid start byte), at byte 2"),
        ('{"a": 0}'.encode("utf-16"), "expected UTF-8, found ff (invalid start byte), at byte 0"),
    ],
)
def test_a_file_that_is_no_json(name: str, raw: bytes, expected: str) -> None:
    assert fault({name: raw}) == f"{name}: {expected}"


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json"])
def test_a_file_that_is_nested_deeply(name: str) -> None:
    raw = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert fault({name: raw}).startswith(
        f"{name}: expected at most 127 levels of arrays and objects, found '[', at byte"
    )


def test_merges_with_a_byte_order_mark() -> None:
    mark = "\ufeff#version: 0.2\na b\n"
    assert fault(two({"a": 0}, mark)) == "merges.txt: expected no byte order mark, found one, at byte 0"


# Limits


def test_an_id_within_the_limit_and_beyond_it() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_values=5)
    vocab = {"a": 0, "b": 1, "c": 2, "d": 3}
    assert len(read_tokenizer(whole({**vocab, "e": 4}), limits=limits).vocabulary) == 5
    error = fault(whole({**vocab, "e": 5}), limits=limits, fill_gaps="-")
    expected = "tokenizer.json: model.vocab: expected ids below 5 (max_metadata_values)"
    assert error == f"{expected}, found 5 as the id of 'e'"


@pytest.mark.parametrize("number", [10**12, 2**64, 10**300])
def test_a_huge_id_costs_no_memory(number: int) -> None:
    tracemalloc.start()
    try:
        error = fault(whole({"a": 0, "b": number}), fill_gaps="<{id}>")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.startswith("tokenizer.json: model.vocab: expected ids below 2000000 (max_metadata_values), found 1")
    assert peak < 1_000_000


def test_tokens_and_merges_together_are_bounded() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_values=4)
    read = read_tokenizer(two({"a": 0, "b": 1}, "a b\nb a\n"), limits=limits)
    assert read.members()[MERGES] == ["a b", "b a"]
    error = fault(two({"a": 0, "b": 1, "c": 2}, "a b\nb a\n"), limits=limits)
    assert error == "vocab.json: expected at most 4 tokens and merges (max_metadata_values), found 3 and 2"


def test_values_of_a_file_are_bounded_before_they_are_read() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_values=4)
    # The object itself, model, vocab and its token, x and seven of anything: three for each one that may be written.
    assert read_tokenizer(whole(["a"], x=[0] * 7), limits=limits) == tokenizer("a")
    error = fault(whole(["a"], x=[0] * 8), limits=limits)
    assert error == "tokenizer.json: too many values: expected at most 12 (max_metadata_values), found 13"
    # The object itself and three tokens: a vocabulary in an object has no more values than are written.
    assert len(read_tokenizer(two({"a": 0, "b": 1, "c": 2}), limits=limits).vocabulary) == 3
    error = fault(two({"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}), limits=limits)
    assert error == "vocab.json: too many values: expected at most 4 (max_metadata_values), found 6"


def test_members_of_a_tokenizer_json_are_bounded_and_tokens_of_a_vocabulary_are_not_members() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_members=1)
    assert read_tokenizer(two({"a": 0, "b": 1}), limits=limits).vocabulary == ("a", "b")
    assert read_tokenizer(whole({"a": 0, "b": 1}), limits=limits).vocabulary == ("a", "b")
    error = fault(whole({"a": 0}, added=[]), limits=limits)
    assert error == "tokenizer.json: too many members: expected at most 1 (max_metadata_members), found more"


def test_lines_of_merges_are_bounded() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_values=3)
    assert read_tokenizer(two({"a": 0}, "a a\na a\n\n"), limits=limits).merges == ("a a", "a a")
    error = fault(two({"a": 0}, "a a\na a\n\n\n"), limits=limits)
    assert error == "merges.txt: expected at most 3 lines (max_metadata_values), found 4"


def test_bytes_are_bounded() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_bytes=8)
    assert read_tokenizer(two({"a": 0}, "a a\nb b\n"), limits=limits).merges == ("a a", "b b")
    error = fault(two({"a": 0}, "a a\nb b\n\n"), limits=limits)
    assert error == "merges.txt: expected at most 8 bytes (max_metadata_bytes), found 9"
    error = fault(two({"aa": 0}), limits=limits)
    assert error == "vocab.json: too many bytes: expected at most 8 (max_metadata_bytes), found 9"


# What is written, and what has to go


def test_members() -> None:
    assert tokenizer("a", "b").members() == {VOCABULARY: ["a", "b"], VOCAB_SIZE: 2}
    whole_one = tokenizer("a", merges=("a a",), model_type="BPE")
    assert whole_one.members() == {VOCABULARY: ["a"], VOCAB_SIZE: 1, MERGES: ["a a"], MODEL_TYPE: "BPE"}
    assert [VOCABULARY, VOCAB_SIZE, MERGES, MODEL_TYPE] == [
        "tokenizer.vocabulary",
        "tokenizer.vocab_size",
        "tokenizer.merges",
        "tokenizer.model_type",
    ]


def test_members_are_metadata() -> None:
    members = read_tokenizer(given("bpe")).members()
    assert dict(Metadata(Metadata(b"{}").splice(members))) == members


OLD: dict[str, Any] = {
    "name": "m",
    "tokenizer.scores": [0.5],
    VOCABULARY: ["a"],
    MERGES: ["a a"],
    MODEL_TYPE: "BPE",
    "tokenizer": 1,
    "tokenizer.bos_token_id": 1,
    "tokenizers.x": 1,
    VOCAB_SIZE: 1,
    "vocab_size": 1,
}


def test_another_vocabulary_leaves_nothing_of_the_old_tokenizer() -> None:
    assert tokenizer("b").stale_keys(OLD) == ("tokenizer.scores", MERGES, MODEL_TYPE, "tokenizer.bos_token_id")
    with_all = tokenizer("b", merges=("b b",), model_type="BPE")
    assert with_all.stale_keys(OLD) == ("tokenizer.scores", "tokenizer.bos_token_id")


def test_the_same_vocabulary_keeps_what_belongs_to_it() -> None:
    assert tokenizer("a").stale_keys(OLD) == (MERGES, MODEL_TYPE)
    assert tokenizer("a", model_type="Unigram").stale_keys(OLD) == (MERGES,)
    assert tokenizer("a", merges=("a b",), model_type="BPE").stale_keys(OLD) == ()


@pytest.mark.parametrize("stored", [None, "a", ["b"], ["a", "b"], [], [1], {"a": 0}])
def test_a_stored_vocabulary_of_any_other_kind_is_another_one(stored: Any) -> None:
    assert tokenizer("a").stale_keys({**OLD, VOCABULARY: stored})[0] == "tokenizer.scores"


def test_without_a_stored_vocabulary_what_is_there_belongs_to_another_tokenizer() -> None:
    assert tokenizer("a").stale_keys({"tokenizer.scores": [1], "name": "m"}) == ("tokenizer.scores",)
    assert tokenizer("a").stale_keys({"name": "m"}) == ()
