"""The on-disk cache: a second process starts warm, and JAX's own settings stay the user's."""

from __future__ import annotations

from pathlib import Path

from neurarust.core.engine import disk_cache

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


def entries(folder: Path) -> set[str]:
    # JAX keeps the time of the last use beside each program.
    return {path.name for path in folder.rglob("*") if path.is_file() and "atime" not in path.name}


def test_a_second_process_compiles_nothing_that_took_long(tmp_path):
    environment = {"NEURARUST_CACHE_DIR": str(tmp_path / "programs")}
    first = run(TRAIN, **environment)
    kept = entries(tmp_path)
    assert kept
    second = run(TRAIN, **environment)
    assert entries(tmp_path) == kept
    assert first.startswith("changed [] ") and second.startswith("changed [] ")


def test_the_cache_can_be_switched_off(tmp_path):
    run(TRAIN, NEURARUST_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))
    assert not entries(tmp_path)


def test_a_folder_that_the_user_gave_jax_is_left_alone(tmp_path):
    script = f'import jax; jax.config.update("jax_compilation_cache_dir", "{tmp_path}/mine")\n'
    lines = [line.removeprefix("    ") for line in TRAIN.splitlines()]
    printed = run(script + "\n".join(lines), NEURARUST_CACHE_DIR=str(tmp_path / "ours"))
    assert printed.startswith("changed []") and not (tmp_path / "ours").exists()


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
