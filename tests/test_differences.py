"""`docs/differences.md` says what the docstrings say."""

from __future__ import annotations

from tools import differences


def test_the_page_is_up_to_date():
    assert differences.FILE.read_text() == differences.text(), "run: python tools/differences.py"


def test_statements_end_where_their_paragraph_or_argument_does():
    text = differences.text()
    assert (
        "- `from_numpy`: the elements are copied, so a later write to the array does not change"
        in text
    )
    (loader,) = [line for line in text.split("\n") if line.startswith("- `DataLoader`")]
    assert loader.endswith("an IterableDataset is read by one of them")
