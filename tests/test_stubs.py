"""The stubs that editors read say what the tables hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_stubs_are_up_to_date():
    command = [sys.executable, str(ROOT / "tools" / "stubs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_function_of_the_table_is_public():
    """Those of `nn`, too, which is imported on first use."""
    code = """
import sys
import neurarust as nr
assert not any(name.startswith("neurarust.nn") for name in sys.modules), "nn is imported at once"
from neurarust.core.define import NAMESPACES
nr.nn.functional
missing = [name for name in NAMESPACES["neurarust"] if not hasattr(nr, name)]
assert not missing, missing
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
