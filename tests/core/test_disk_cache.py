"""The on-disk cache: a second process starts warm, and JAX's own settings stay the user's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import neurarust as nr
from neurarust.core.engine import disk_cache
from neurarust.core.engine import program as programs
from neurarust.core.engine.disk_cache import text_of
from neurarust.core.engine.program import Program
from neurarust.core.op import OPS, Array, Op
from neurarust.core.tensor.dispatch import call

from .subprocesses import run

TRAIN = """
    import jax
    settings = dict(jax.config.values)
    import neurarust as nr
    assert dict(jax.config.values) == settings, "changed by the import"

    weights = [nr.ones(8, 8, requires_grad=True) for _ in range(6)]
    optimizer = nr.optim.Adam(weights)
    for _ in range(2):
        x = nr.ones(4, 8)
        for weight in weights:
            x = nr.tanh(x @ weight).softmax(-1)
        optimizer.zero_grad()
        x.pow(2).sum().backward()
        optimizer.step()
    weights[0].tolist()
    changed = {name for name, one in settings.items() if jax.config.values[name] != one}
    print("changed", sorted(changed), "seconds", nr.explain().seconds)
"""


def entries(folder: Path) -> set[bytes]:
    with closing(sqlite3.connect(folder / "programs.sqlite3")) as connection:
        return {row[0] for row in connection.execute("SELECT key FROM entries")}


def test_a_second_process_neither_compiles_nor_traces(tmp_path):
    count = """
    import jax, neurarust.core.engine.signature as signatures, neurarust.core.engine.program as p
    import neurarust.core.engine.disk_cache as disk_cache
    disk_cache.LEAST_SECONDS = 0.0  # what is kept must not depend on the machine's speed
    done = []
    trace, lower = signatures.Signature.trace, p.Program._compiled
    signatures.Signature.trace = lambda self: done.append("trace") or trace(self)
    p.Program._compiled = lambda *given: done.append("compile") or lower(*given)
    """
    environment = {"NEURARUST_CACHE_DIR": str(tmp_path)}
    script = count + TRAIN + '    print(done.count("trace"), done.count("compile"))'
    script += "\n    print(weights[0].tolist())"
    *_, first, numbers = run(script, **environment).splitlines()
    kept = entries(tmp_path)
    *_, second, again = run(script, **environment).splitlines()
    assert min(map(int, first.split())) >= 1 and len(kept) > 10
    assert second == "0 0"
    assert entries(tmp_path) == kept
    assert again == numbers


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """An empty folder where everything is kept, however small."""
    monkeypatch.setenv("NEURARUST_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(disk_cache, "LEAST_SECONDS", 0.0)
    return tmp_path


def forget(*ops: str) -> None:
    """What a new process would not know, nor have recorded."""
    nr.synchronize()
    programs.clear()
    for op in ops:
        OPS[op].signatures.clear()


def test_a_program_that_calls_lapack_is_found_again(kept, monkeypatch):
    matrix = nr.tensor([[4.0, 2.0], [2.0, 5.0]], requires_grad=True)

    def gradient() -> list:
        forget("cholesky", "sum")
        (result,) = nr.autograd.grad(nr.linalg.cholesky(matrix).sum(), matrix)
        return result.tolist()

    first = gradient()
    monkeypatch.setattr(Program, "_compiled", None)
    assert gradient() == first


def test_programs_with_an_op_of_the_users_own_are_not_kept(kept):
    def triple(input: Array):
        return 3 * input

    op = Op("triple", triple)
    assert op.home is None
    assert call(op, (nr.ones(3),)).tolist() == [3.0] * 3
    assert not list(kept.iterdir())
    assert text_of((nr.float32, 3, (slice, None), 1.5, "a")) is not None
    assert text_of((lambda: 0,)) is None


def test_a_spoiled_file_is_done_without(kept):
    (kept / "programs.sqlite3").write_bytes(b"not a database" * 1000)
    forget("add")
    assert (nr.ones(3) + 1).tolist() == [2.0] * 3


def test_what_was_not_used_for_longest_makes_room(kept, monkeypatch):
    monkeypatch.setattr(disk_cache, "CAPACITY", 3000)
    for k in range(6):
        monkeypatch.setattr(disk_cache.time, "time", lambda k=k: 1000 + k)
        disk_cache.save({str(k): bytes(900)})
    assert [disk_cache.load(str(k)) is None for k in range(6)] == [True] * 4 + [False] * 2


def test_the_cache_can_be_switched_off(tmp_path):
    run(TRAIN, NEURARUST_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_the_user_gave_jax_is_left_alone(tmp_path):
    script = f'import jax; jax.config.update("jax_compilation_cache_dir", "{tmp_path}/mine")\n'
    lines = [line.removeprefix("    ") for line in TRAIN.splitlines()]
    printed = run(script + "\n".join(lines), NEURARUST_CACHE_DIR=str(tmp_path / "ours"))
    assert printed.startswith("changed []")
    # Of ours, only the kernels are there, which are no programs.
    assert all(one.name.startswith("kernels-") for one in (tmp_path / "ours").glob("*"))


def test_where_programs_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("NEURARUST_CACHE_DIR", str(tmp_path))
    assert disk_cache.folder() == tmp_path
    monkeypatch.setenv("NEURARUST_CACHE_DIR", "")
    assert disk_cache.folder() is None
    monkeypatch.delenv("NEURARUST_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert disk_cache.folder() == tmp_path / "neurarust"


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert run(TRAIN, NEURARUST_CACHE_DIR=str(tmp_path / "file" / "below")).startswith("changed []")
