"""`docs/parity.md` says which of PyTorch's names are here; the code decides."""

from __future__ import annotations

import pytest

from tools import parity

SHARES = ("", "Tensor", "nn", "nn.functional", "linalg", "fft", "special", "optim", "distributions")


@pytest.fixture(scope="module")
def rows() -> dict:
    return parity.compare()


def test_the_document_is_up_to_date(rows):
    assert parity.FILE.read_text() == parity.text(rows), "run: python tools/parity.py"


@pytest.mark.parametrize("namespace", SHARES)
def test_what_is_meant_is_there(rows, namespace):
    count, missing = rows[namespace]
    meant = count - sum(why is not None for why in missing.values())
    lacking = [name for name, why in missing.items() if why is None]
    assert len(lacking) <= 0.03 * meant, lacking
