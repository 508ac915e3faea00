"""What a model card says of the metadata: every field, and every way to write it wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aprfmt.card import MAX_FRONT_MATTER_BYTES, MAX_NESTING, Card, Mapped, read_card
from aprfmt.errors import RequestError


def card(front: str, *, base_model: bool = False, catalogue: str = "spdx") -> Card:
    return read_card(f"---\n{front}\n---\n# A model\n".encode(), base_model=base_model, catalogue=catalogue)


def refusal(front: str, **options: bool | str) -> str:
    with pytest.raises(RequestError) as caught:
        card(front, **options)  # type: ignore[arg-type] # what a test passes on
    return str(caught.value)


WHOLE = """\
language: [en, de]
license: apache-2.0
tags:
- text-generation
datasets:
- HuggingFaceFW/fineweb
- bigcode/the-stack
- HuggingFaceFW/fineweb
base_model: Qwen/Qwen2.5-Coder-7B
model-index:
- name: teacher
  results: [{task: {type: text-generation}, metrics: [{type: pass@1, value: 0.5}]}]"""


def test_a_card_says_licence_and_data() -> None:
    found = card(WHOLE)
    assert found == Card(
        {"license": "Apache-2.0", "data_source": "HuggingFaceFW/fineweb, bigcode/the-stack"},
        (
            Mapped("license", "license", "Apache-2.0", "apache-2.0"),
            Mapped(
                "datasets",
                "data_source",
                "HuggingFaceFW/fineweb, bigcode/the-stack",
                "HuggingFaceFW/fineweb, bigcode/the-stack, HuggingFaceFW/fineweb",
            ),
        ),
        (),
    )


def test_the_base_model_only_when_it_is_asked_for() -> None:
    assert card(WHOLE, base_model=True).members["source"] == "Qwen/Qwen2.5-Coder-7B"
    assert card("base_model: [a/b, c/d]", base_model=True).mapped == (
        Mapped("base_model", "source", "a/b, c/d", "a/b, c/d"),
    )
    assert refusal("base_model: a/b") == (
        "the front matter has nothing to take: expected one of license, datasets, found none; "
        "base_model is there, and taken only when asked"
    )


def test_the_members_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        card("license: mit").members["license"] = "other"  # type: ignore[index] # that is the point


@pytest.mark.parametrize(
    "data",
    [
        b"---\nlicense: mit\n---\n",
        b"\xef\xbb\xbf---\nlicense: mit\n---",
        b"---\r\nlicense: mit\r\n---\r\nText",
        b"--- \t\nlicense: mit\n---\t \nText",
        b"---\nlicense: mit\n...\nText",
        b"---\nlicense: mit\n---\n---\nlicense: apache-2.0\n---\n",
        b"---\nlicense: mit\n---\n\xff\xfe: what follows is not looked at: [",
        b"---\nlicense: mit # text\n\n# text\n---\n",
        b"---\n{license: mit}\n---\n",
        b"---\nlicense: [mit]\n---\n",
        b"---\n'license': !!str mit\n---\n",
        b"---\nlicense: >-\n  mit\n---\n",
        b"---\nlicense: ' MIT '\n---\n",
    ],
    ids=ascii,
)
def test_front_matter_in_its_forms(data: bytes) -> None:
    assert read_card(data).members == {"license": "MIT"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "found nothing"),
        (b"# A model\n---\nlicense: mit\n---\n", "found '# A model'"),
        (b"\n---\nlicense: mit\n---\n", "found ''"),
        (b"---license: mit\n---\n", "found '---license: mit'"),
        (b"---", "found '---'"),
        (b"\xff\xfe-\0-\0-\0", r"found '\xff\xfe-\x00-\x00-\x00'"),
        (b"x" * 5000, f"found '{'x' * 100}'"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_card_without_front_matter(data: bytes, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_card(data)
    expected = "line 1: expected the front matter of a model card, which begins with ---, "
    assert str(caught.value) == expected + says


@pytest.mark.parametrize("data", [b"---\n", b"---\nlicense: mit\n", b"---\nlicense: mit\n ---\n", b"---\na: b\n----\n"])
def test_a_front_matter_without_an_end(data: bytes) -> None:
    with pytest.raises(RequestError, match=r"^the front matter has no end: expected another line that is ---, found"):
        read_card(data)


def test_the_largest_front_matter() -> None:
    line = b"license: mit # "
    most = line + b"x" * (MAX_FRONT_MATTER_BYTES - len(line) - 1) + b"\n"
    assert read_card(b"---\n" + most + b"---").members == {"license": "MIT"}
    assert read_card(b"---\n" + most + b"---\n" + most).members == {"license": "MIT"}
    for more in (b"---\nx" + most + b"---", b"---\n" + most + b"x", b"---\nx" + most + b"---\n"):
        with pytest.raises(RequestError, match=rf"expected at most {MAX_FRONT_MATTER_BYTES} bytes up to a line"):
            read_card(more)


def test_the_deepest_front_matter() -> None:
    levels = MAX_NESTING - 1
    assert card(f"a: {'[' * levels}{']' * levels}\nlicense: mit").members == {"license": "MIT"}
    assert refusal(f"a:\n {'[' * (levels + 1)}") == (
        f"line 3: nested too deep: expected at most {MAX_NESTING} levels, found more"
    )
    assert "nested too deep" in refusal("[" * 100_000)
    assert "nested too deep" in refusal("{a: " * 100_000)
    assert "nested too deep" in refusal("- " * 100_000)


LAUGHS = "a0: &a0 [x, x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))


def test_aliases_are_not_followed() -> None:
    assert card(f"{LAUGHS}\nlicense: mit").members == {"license": "MIT"}
    assert refusal(f"{LAUGHS}\nlicense: *a59") == "line 62: license: expected text, found the alias *a59"
    assert refusal("a: &a x\ndatasets: [b, *a]") == "line 3: datasets: expected text, found the alias *a"
    assert refusal("a: &a {license: mit}\n<<: *a") == (
        "line 3: expected fields that are written out, found the merge key <<"
    )
    assert card("a: &a x\n*a : license\n? [license]\n: gpl\nlicense: &b mit").members == {"license": "MIT"}


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ("license: [mit", "line 3: expected YAML, found a fault: "),
        ("license: mit\n\tdatasets: x", "line 3: expected YAML, found a fault: "),
        ("license: mit\n@x", "line 3: expected YAML, found a fault: "),
        ("license: mit\na: \x1b[1m", "line 3: expected YAML, found the character U+001B"),
        ("license: mit\na: \x00", "line 3: expected YAML, found the character U+0000"),
        (r'license: "\UFFFFFFFF"', "the front matter: expected YAML, found a fault: "),
        (r'license: "\U00110000"', "the front matter: expected YAML, found a fault: "),
        (f"%YAML {'9' * 5000}.1\nlicense: mit", "the front matter: expected YAML, found a fault: "),
        ("license: mit\n--- !!str\nx", "line 3: expected the end of the only mapping, found another document"),
        ("", "line 2: expected a mapping of fields, found nothing"),
        ("# license: mit", "line 2: expected a mapping of fields, found nothing"),
        ("mit", "line 2: expected a mapping of fields, found 'mit'"),
        ("~", "line 2: expected a mapping of fields, found null"),
        ("- license: mit", "line 2: expected a mapping of fields, found a list"),
        ("license: mit\nlicense: gpl-3.0", "line 3: license: expected it once, found it in line 2 too"),
        ("datasets: a\ntags: []\ndatasets: a", "line 4: datasets: expected it once, found it in line 2 too"),
        ("license:\nlicense: mit", "line 3: license: expected it once, found it in line 2 too"),
    ],
)
def test_what_is_no_mapping_in_yaml(front: str, says: str) -> None:
    assert refusal(front).startswith(says)


def test_what_is_not_utf_8() -> None:
    with pytest.raises(RequestError, match=r"^line 3: expected UTF-8, found ff \(invalid start byte\)$"):
        read_card(b"---\nlicense: mit\na: \xff\n---\n")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("no", "'no', which YAML reads as a boolean; in quotes it is text"),
        ("On", "'On', which YAML reads as a boolean; in quotes it is text"),
        ("1.0", "'1.0', which YAML reads as a number; in quotes it is text"),
        ("2", "'2', which YAML reads as an integer; in quotes it is text"),
        ("1:30", "'1:30', which YAML reads as an integer; in quotes it is text"),
        ("2024-01-01", "'2024-01-01', which YAML reads as a date; in quotes it is text"),
        ("!!binary bWl0", "'bWl0', which YAML reads as something with the tag 'tag:yaml.org,2002:binary'"),
        ("!licence mit", "'mit', which YAML reads as something with the tag '!licence'"),
        ("{id: mit}", "a mapping"),
        (r'"\ud800"', r"a lone surrogate in '\ud800'"),
    ],
)
@pytest.mark.parametrize("field", ["license", "datasets", "base_model"])
def test_text_that_yaml_takes_for_something_else(field: str, written: str, found: str) -> None:
    says = f"line 3: {field}: expected text, found {found}"
    assert refusal(f"a: b\n{field}: {written}", base_model=True) == says
    assert refusal(f"a:\n  {field}: x\n{field}: [{written}]", base_model=True) == says.replace("3", "4", 1)


def test_it_is_text_in_quotes() -> None:
    assert card("datasets: ['no', \"1.0\", !!str 2024-01-01, ~x]").members == {"data_source": "no, 1.0, 2024-01-01, ~x"}


def test_an_escape_of_json_for_an_emoji() -> None:
    assert card(r'{"datasets": "\ud83e\udd17/a"}').members == {"data_source": "\N{HUGGING FACE}/a"}


def test_fields_that_are_empty_are_passed_over() -> None:
    assert card("license:\ndatasets: [a]").members == {"data_source": "a"}
    assert card("license: mit\ndatasets: ~").members == {"license": "MIT"}
    assert card("license: mit\ndatasets: []").members == {"license": "MIT"}
    assert refusal("license: mit\ndatasets: ['']") == "line 3: datasets: expected a name, found ''"
    assert refusal("license: mit\ndatasets: ' '") == "line 3: datasets: expected a name, found ' '"
    assert refusal("license: mit\ndatasets:\n- a\n-") == "line 5: datasets: expected text, found null"
    assert refusal("datasets: [[a]]") == "line 2: datasets: expected text, found a list"
    assert refusal("datasets: [{a: [b]}, c]") == "line 2: datasets: expected text, found a mapping"


@pytest.mark.parametrize("front", ["language: en", "license:", "datasets: []", "{}", "License: mit", "license_name: x"])
def test_a_card_that_says_nothing(front: str) -> None:
    assert refusal(front) == "the front matter has nothing to take: expected one of license, datasets, found none"
    assert refusal(front, base_model=True) == (
        "the front matter has nothing to take: expected one of license, datasets, base_model, found none"
    )


def test_a_licence_in_canonical_form_with_what_is_to_be_said() -> None:
    assert card("license: gpl-3.0").notes == ("license: GPL-3.0 is deprecated by SPDX; write GPL-3.0-only instead",)
    found = card("license: mit or llama3.1")
    assert found.members == {"license": "MIT OR llama3.1"}
    assert found.notes == ("license: llama3.1 is an id of the model hub, not of SPDX",)
    assert card("license: gemma", catalogue="upstream").members == {"license": "gemma"}


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ("license: apache 2", "line 2: license: expected a licence of SPDX or of the model hub, found 'apache 2'; did"),
        ("license: unknown", "line 2: license: expected a licence of SPDX or of the model hub, found 'unknown', which"),
        ("license: ''", "line 2: license: expected a licence of SPDX or of the model hub, found '', which says"),
        (f"license: {'x' * 2001}", "line 2: license: expected a licence of at most 2000 characters, found 2001"),
        ("license: [mit, isc]", "line 2: license: expected one text, found a list of 2; several are one text, joined"),
        ("license: []", "line 2: license: expected one text, found a list of 0"),
        ("license: other\nlicense_name: [a, b]", "line 3: license_name: expected one text, found a list of 2"),
        ("license: other\nlicense_name: 1.0", "line 3: license_name: expected text, found '1.0', which YAML reads as"),
        ("license: other\nlicense_name: 许可", "line 3: license_name: expected a name with a letter or digit of ASCII"),
        ("license: other\nlicense_name: '--'", "line 3: license_name: expected a name with a letter or digit of AS"),
        (f"license: other\nlicense_name: {'x' * 2001}", "line 3: license_name: expected a licence of at most 2000"),
        (f"license: other\nlicense_name: {'x ' * 990}x", None),
    ],
)
def test_what_is_no_licence(front: str, says: str | None) -> None:
    if says is None:
        assert card(front).members["license"] == "LicenseRef-" + "x-" * 990 + "x"
    else:
        assert refusal(front).startswith(says)


def test_upstream_takes_less() -> None:
    says = "line 2: license: expected one of the 25 licences that apr takes, found 'isc or mit'"
    assert refusal("license: isc or mit", catalogue="upstream").startswith(says)
    says = "line 2: license: expected one of the 25 licences that apr takes, found 'other'"
    assert refusal("license: other", catalogue="upstream").startswith(says)
    found = "line 3: license_name: expected one of the 25 licences that apr takes, found 'LicenseRef-mine'"
    assert refusal("license: other\nlicense_name: mine", catalogue="upstream").startswith(found)
    assert card("license: other\nlicense_name: LLAMA3.1", catalogue="upstream").members == {"license": "llama3.1"}
    with pytest.raises(RequestError, match="expected a catalogue of licences, found 'mine'"):
        card("license: mit", catalogue="mine")


OTHER = "other does not say which terms; LicenseRef-NAME refers to terms of your own"
HUB = "other is an id of the model hub, not of SPDX"


@pytest.mark.parametrize(
    ("name", "value", "notes"),
    [
        ("llama3.1", "llama3.1", ["llama3.1 is an id of the model hub, not of SPDX"]),
        ("bsd-3-clause", "BSD-3-Clause", []),
        (
            "LTX Video (0.9)",
            "LicenseRef-LTX-Video--0.9-",
            [
                "'LTX Video (0.9)' is on no list, and became LicenseRef-LTX-Video--0.9-",
                "LicenseRef-LTX-Video--0.9- refers to terms that no list has",
            ],
        ),
        (
            "café",
            "LicenseRef-caf-",
            [
                "'café' is on no list, and became LicenseRef-caf-",
                "LicenseRef-caf- refers to terms that no list has",
            ],
        ),
        (
            "LicenseRef-My Terms",
            "LicenseRef-My-Terms",
            [
                "'LicenseRef-My Terms' is on no list, and became LicenseRef-My-Terms",
                "LicenseRef-My-Terms refers to terms that no list has",
            ],
        ),
        ("licenseref-Mine", "LicenseRef-Mine", ["LicenseRef-Mine refers to terms that no list has"]),
        ("[deepseek]", "LicenseRef-deepseek", None),
        ("other", "other", [OTHER, HUB]),
    ],
)
def test_the_name_of_other_terms(name: str, value: str, notes: list[str] | None) -> None:
    found = card(f"license: Other\nlicense_name: {name}\nlicense_link: LICENSE")
    assert found.members == {"license": value}
    assert found.mapped == (Mapped("license_name", "license", value, name.strip("[]")),)
    if notes is not None:
        assert found.notes == tuple(f"license_name: {text}" for text in notes)


@pytest.mark.parametrize(
    ("rest", "first"),
    [
        ("", ()),
        ("\nlicense_name:", ()),
        ("\nlicense_name: ''", ("license_name: not taken, because '' says nothing",)),
        ("\nlicense_name: TBD", ("license_name: not taken, because 'TBD' says nothing",)),
    ],
)
def test_other_terms_without_a_name(rest: str, first: tuple[str, ...]) -> None:
    found = card(f"license: other{rest}")
    assert found.members == {"license": "other"}
    assert found.mapped == (Mapped("license", "license", "other", "other"),)
    assert found.notes == (*first, f"license: {OTHER}", f"license: {HUB}")


def test_a_name_that_is_not_asked_for_is_said() -> None:
    found = card("license: mit\nlicense_name: mine")
    assert (found.members, found.notes) == (
        {"license": "MIT"},
        ("license_name: not taken, because license is not other",),
    )
    found = card("license_name: mine\ndatasets: a")
    assert found.notes == ("license_name: not taken, because there is no license beside it",)


PAGE = Path(__file__).resolve().parents[2] / "docs" / "cards.md"


def test_the_page_shows_what_happens() -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = read_card(example.encode(), base_model=True)
    rows = re.findall(r"^\| `(\w+): (.*?)` \| `(\w+)` \| `(.*?)` \|$", text, re.MULTILINE)
    assert [(item.card_field, item.said, item.key, item.value) for item in found.mapped] == rows
    assert all(f"- {note}\n" in text for note in found.notes)
    assert f"{MAX_FRONT_MATTER_BYTES:,}" in text
    assert f"{MAX_NESTING} levels" in text
