"""What every test shares: compiled programs go to a folder of this run, not to the user's cache,
random numbers begin anew in each test, and none runs for longer than five minutes where
pytest-timeout is installed."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from operator import attrgetter

import pytest

# Seconds; in the configuration this would stop a pytest without that plugin.
os.environ.setdefault("PYTEST_TIMEOUT", "300")

# The differential suite compares with PyTorch, which the base tests do without.
collect_ignore = [] if importlib.util.find_spec("torch") else ["differential"]


def pytest_configure(config: pytest.Config) -> None:
    """One cache folder for the whole run; parallel workers inherit it."""
    if "NEURARUST_CACHE_DIR" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="neurarust-tests-", ignore_cleanup_errors=True)
        os.environ["NEURARUST_CACHE_DIR"] = folder.name
        config.add_cleanup(folder.cleanup)
    # What a training loop runs for hours is tested here; drafts by `test_drafts` and the
    # differential suite.
    os.environ.setdefault("NEURARUST_DRAFTS", "0")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same numbers in every run; tests of the source alone import neither of the two."""
    for name, function in (("neurarust", "manual_seed"), ("numpy", "random.seed")):
        if name in sys.modules:
            attrgetter(function)(sys.modules[name])(0)
