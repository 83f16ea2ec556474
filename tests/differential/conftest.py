"""Here programs are compiled as in any process: the first for speed, later ones as drafts."""

import pytest


@pytest.fixture(autouse=True)
def with_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURARUST_DRAFTS", "1")
