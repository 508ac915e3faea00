"""How the pages are followed: what counts as a step, and that a wrong page is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.acceptance.pages import agrees, follow, steps

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="no shell on this system")

PAGE = """# A page

```sh
echo one; echo two
```

```
one
two
```

Then, with words in between:

```python
print("three")
```

An exit code of 1 within a sentence says nothing.

```sh
exit 1
```

Exit code 1: something differs.
"""


def write(folder: Path, text: str) -> tuple[Path, Path]:
    page, work = folder / "page.md", folder / "work"
    page.write_text(text, encoding="utf-8")
    work.mkdir()
    return page, work


def test_a_page_is_followed_from_top_to_bottom(tmp_path: Path) -> None:
    page, work = write(tmp_path, PAGE)
    done = follow(page, work)
    assert [(step.language, step.exit_code, step.shown) for step, _ in done] == [
        ("sh", 0, "one\ntwo\n"),
        ("python", 0, None),
        ("sh", 1, None),
    ]
    assert [printed for _, printed in done] == ["one\ntwo\n", "three\n", ""]
    assert [step.line for step, _ in done] == [4, 15, 21]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("echo two", "echo too", r"line 4:\n--- shown"),
        ("exit 1", "exit 2", "line 21: ends with 2"),
        ("exit 1", "true", "line 21: ends with 0"),
        ('print("three")', "1 / 0", "line 15: ends with 1\n(.*\n)*ZeroDivisionError"),
        ("\n```python", "\n```yaml", "'yaml' is not run"),
        ("# A page", "# A page\n\n```\nnothing\n```", "an output stands behind no command"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in PAGE
    page, work = write(tmp_path, PAGE.replace(old, new))
    with pytest.raises(AssertionError, match=says):
        follow(page, work)


def test_what_differs_from_run_to_run_may_be_left_out() -> None:
    assert agrees("a\nat …\nb\n", "a\nat 12:30\nb\n")
    assert agrees("a\n…\nb\n", "a\n1\n2\n\nb\n")
    assert agrees("a\n…\nb\n", "a\nb\n")
    assert agrees("a\n  …\n", "a\n  1\n")
    assert not agrees("a\nat …\nb\n", "a\nat 1\n2\nb\n")
    assert not agrees("a (.*)\n", "a b\n")
    assert not agrees("a\n", "a\nb\n")
    assert not agrees("", "a\n")


def test_every_page_of_a_story_has_steps() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    assert all(len(steps(docs / name)) > 4 for name in ("release.md", "salvage.md", "in-place.md"))
