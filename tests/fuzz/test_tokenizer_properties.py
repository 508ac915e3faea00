"""Laws: a tokenizer is read back as it was written in any form; any bytes are a tokenizer or one error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from hypothesis import assume, example, given
from hypothesis import strategies as st

from aprfmt.errors import RequestError
from aprfmt.metadata import Metadata
from aprfmt.tokenizer import NAMES, PREFIX, VOCABULARY, Tokenizer, read_tokenizer

Merge: TypeAlias = tuple[str, str]

# Every kind of character that something takes for the end of a line, for a space or for the beginning of a comment.
TOKEN = st.text(
    st.sampled_from("ab#Ġ▁ \t\n\r\x0b\x0c\x1c\x85\u00a0\u2028\u2029\ufeff😀") | st.characters(codec="utf-8")
)
VOCABULARIES = st.lists(TOKEN, min_size=1, unique=True)
PART = TOKEN.filter(lambda token: token != "" and " " not in token)
MERGES_OF_JSON = st.lists(st.tuples(PART, PART))
LINE = PART.filter(lambda token: "\n" not in token and not token.endswith("\r"))
"""What a line of merges.txt can hold."""
MERGES_OF_TEXT = st.lists(st.tuples(LINE, LINE))
MODEL_TYPES = st.none() | st.sampled_from(["BPE", "WordPiece", "Unigram"]) | st.text(st.characters(codec="utf-8"))


def as_texts(merges: Sequence[Merge]) -> tuple[str, ...] | None:
    return tuple(" ".join(merge) for merge in merges) or None


def tokenizer_json(**document: Any) -> dict[str, bytes]:
    return {"tokenizer.json": json.dumps(document, ensure_ascii=False).encode()}


@given(
    VOCABULARIES, MERGES_OF_JSON, MODEL_TYPES, st.randoms(use_true_random=False), st.sampled_from(["object", "array"])
)
def test_a_tokenizer_json_reads_back_the_same(
    vocabulary: list[str], merges: list[Merge], model_type: str | None, random: Any, form: str
) -> None:
    """Whatever the order of the object, the form of the vocabulary and that of each merge."""
    numbered = [(token, number) for number, token in enumerate(vocabulary)]
    random.shuffle(numbered)
    model: dict[str, Any] = {
        "type": model_type,
        "vocab": dict(numbered) if form == "object" else [[token, -1.5] for token in vocabulary],
        "merges": [" ".join(merge) if random.random() < 0.5 else merge for merge in merges],
    }
    read = read_tokenizer(tokenizer_json(model=model))
    assert read.vocabulary == tuple(vocabulary)
    assert read.merges == as_texts(merges)
    assert read.model_type == model_type


@given(VOCABULARIES, st.integers(0), st.booleans(), st.randoms(use_true_random=False))
def test_added_tokens_are_tokens_like_any_other(vocabulary: list[str], cut: int, twice: bool, random: Any) -> None:
    """Whichever tokens stand among the added ones, alone or in the vocabulary too, it is the same vocabulary."""
    numbered = [(token, number) for number, token in enumerate(vocabulary)]
    random.shuffle(numbered)
    cut %= len(numbered) + 1
    added = [{"content": token, "id": number} for token, number in numbered[cut:]]
    vocab = dict(numbered if twice else numbered[:cut])
    read = read_tokenizer(tokenizer_json(model={"vocab": vocab}, added_tokens=added))
    assert read.vocabulary == tuple(vocabulary)


@given(VOCABULARIES, MERGES_OF_TEXT, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.integers(0, 2))
@example(vocabulary=["#"], merges=[("#", "#")], header=False, end="\n", blank=1)
@example(vocabulary=["#"], merges=[("#version", "#")], header=True, end="\n", blank=0)
@example(vocabulary=["a"], merges=[("\x85", "\u2028"), ("a\r\u2029", "\x0b")], header=False, end="\r\n", blank=1)
def test_vocab_and_merges_read_back_the_same(
    vocabulary: list[str], merges: list[Merge], header: bool, end: str, blank: int
) -> None:
    """With a header or without one, with either end of a line, with or without one at the end."""
    lines = ["#version: 0.2"] * header + [" ".join(merge) for merge in merges]
    text = end.join(lines) + blank * end
    assume(header or not text.startswith(("#version", "\ufeff")))
    vocab = {token: number for number, token in enumerate(vocabulary)}
    files = {"vocab.json": json.dumps(vocab).encode(), "merges.txt": text.encode()}
    read = read_tokenizer(files)
    assert read.vocabulary == tuple(vocabulary)
    assert read.merges == as_texts(merges)
    assert read.model_type == ("BPE" if merges else None)


@given(st.dictionaries(st.integers(0, 300), TOKEN, min_size=1), st.sampled_from(["<gap {id}>", "-{id}", "gap"]))
def test_a_filled_vocabulary_has_every_token_at_its_id(by_id: dict[int, str], placeholder: str) -> None:
    """And a placeholder everywhere else; without one it is refused, with as many gaps as there are."""
    assume(len(set(by_id.values())) == len(by_id))
    size = max(by_id) + 1
    gaps = {number: placeholder.replace("{id}", str(number)) for number in set(range(size)) - by_id.keys()}
    assume(not set(gaps.values()) & set(by_id.values()))
    files = {"vocab.json": json.dumps({token: number for number, token in by_id.items()}).encode()}
    read = read_tokenizer(files, fill_gaps=placeholder)
    assert dict(enumerate(read.vocabulary)) == {**gaps, **by_id}
    assert bool(read.notes) == bool(gaps)
    if gaps:
        assert f"none at {len(gaps)} of {size} ids (" in refusal(files)


def refusal(files: dict[str, bytes], fill_gaps: str | None = None) -> str:
    """What is said of files that are refused; nothing when they are not."""
    try:
        read_tokenizer(files, fill_gaps=fill_gaps)
    except RequestError as error:
        return str(error)
    return ""


KEYS = st.sampled_from(["model", "vocab", "merges", "type", "added_tokens", "id", "content"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 6)
    | st.integers(-(2**70), 2**70)
    | st.floats()  # NaN and infinities too, which Python writes and JSON does not have
    | st.sampled_from(["a", "b", "a b", "<s>"])
    | st.text(max_size=4)  # lone surrogates too
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=2), inner, max_size=5),
    max_leaves=12,
)


def or_anything(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return strategy | VALUES


NEARLY = or_anything(
    st.fixed_dictionaries(
        {
            "model": or_anything(
                st.fixed_dictionaries(
                    {"vocab": or_anything(st.dictionaries(st.sampled_from("abcd"), or_anything(st.integers(0, 4))))},
                    optional={
                        "merges": or_anything(st.lists(or_anything(st.sampled_from(["a b", "b c"])), max_size=3)),
                        "type": or_anything(st.just("BPE")),
                    },
                )
            )
        },
        optional={
            "added_tokens": or_anything(
                st.lists(or_anything(st.fixed_dictionaries({"id": SCALARS, "content": SCALARS})), max_size=3)
            )
        },
    )
)
"""Documents that are tokenizers but for what somebody put in a wrong place."""


def check_total(files: dict[str, bytes], fill_gaps: str | None) -> None:
    """Files are a tokenizer that the metadata can hold, or a `RequestError` that begins with the name of one."""
    if error := refusal(files, fill_gaps):
        assert error.startswith(NAMES)
        assert len(error) < 1000
        assert error.isprintable()
    else:
        members = read_tokenizer(files, fill_gaps=fill_gaps).members()
        assert dict(Metadata(Metadata(b"{}").splice(members))) == members


@given(NEARLY, st.sampled_from(NAMES[:2]), st.none() | st.just("<{id}>"))
@example({"model": {"vocab": {"a": 10**300}}}, NAMES[0], "<{id}>")
@example({"model": {"vocab": {"a": 1_999_999}}}, NAMES[0], None)
@example({"model": {"vocab": "\ud800"}}, NAMES[0], None)
def test_any_document_is_a_tokenizer_or_one_error(document: Any, name: str, fill_gaps: str | None) -> None:
    check_total({name: json.dumps(document).encode()}, fill_gaps)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")), st.sampled_from(NAMES))
@example(b"[" * 100_000, "tokenizer.json")
@example(b'{"a":' * 100_000, "vocab.json")
@example(b'{"a":' + b"1" * 5000 + b"}", "vocab.json")
@example(b'{"\x1b\x00', "vocab.json")
def test_any_bytes_are_a_tokenizer_or_one_error(raw: bytes, name: str) -> None:
    files = {"vocab.json": b'{"a": 0}', name: raw}
    check_total(files, None)


OTHER_KEYS = st.sampled_from(["merges", "model_type", "vocabulary", "vocab_size", "scores", "model", "bos_token_id"])
STORED = st.dictionaries(OTHER_KEYS.map(lambda key: PREFIX + key) | st.text(max_size=9), st.integers(), max_size=8)


@given(STORED, VOCABULARIES, VOCABULARIES | st.none(), st.none() | MERGES_OF_JSON, MODEL_TYPES)
def test_nothing_is_stale_after_what_is_stale_is_gone(
    stored: dict[str, Any],
    vocabulary: list[str],
    older: list[str] | None,
    merges: list[Merge] | None,
    model_type: str | None,
) -> None:
    """And only keys of a tokenizer go, all of an older one and none that was just written."""
    tokenizer = Tokenizer(tuple(vocabulary), as_texts(merges or []), model_type, "tokenizer.json", ())
    for metadata in (stored, {**stored, VOCABULARY: older}, {**stored, VOCABULARY: vocabulary}):
        stale = set(tokenizer.stale_keys(metadata))
        kept = {key: value for key, value in metadata.items() if key not in stale}
        after = {**kept, **tokenizer.members()}
        assert tokenizer.stale_keys(after) == ()
        assert all(key.startswith(PREFIX) for key in stale)
        assert not stale & tokenizer.members().keys()
        if metadata.get(VOCABULARY) != vocabulary:
            assert {key for key in after if key.startswith(PREFIX)} == tokenizer.members().keys()
