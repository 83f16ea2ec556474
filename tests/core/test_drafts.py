"""Programs that may never come again are compiled in a hurry, and for speed once they do."""

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.core.engine import compiling, drafts, scratch
from neurarust.core.engine import program as programs

from .subprocesses import run


@pytest.fixture(autouse=True)
def with_drafts(monkeypatch):
    """As in a process that has compiled its first programs, without a disk."""
    monkeypatch.setenv("NEURARUST_DRAFTS", "1")
    monkeypatch.setenv("NEURARUST_CACHE_DIR", "")
    monkeypatch.setattr(drafts, "FIRST", 0)
    nr.synchronize()
    programs.clear()
    yield
    programs.clear()


@pytest.fixture
def options(monkeypatch):
    """What each program is compiled with."""
    given, compile_with = [], compiling._with_options
    monkeypatch.setattr(
        compiling,
        "_with_options",
        lambda low, options: given.append(options) or compile_with(low, options),
    )
    return given


def are_drafts(options):
    return ["xla_backend_optimization_level" in one for one in options]


def chain(x):
    return (x.sin() * 2 + x.cos()).tanh().sum()


def test_a_draft_that_comes_often_is_compiled_for_speed(options):
    x = nr.tensor(np.arange(10, dtype=np.float32))
    expected = np.tanh(np.sin(np.arange(10)) * 2 + np.cos(np.arange(10))).sum()
    before = nr.explain()
    for k in range(drafts.MOST + 3):
        assert chain(x).item() == pytest.approx(expected, rel=1e-6)
        assert are_drafts(options) == [True, False][: 1 if k < drafts.MOST else 2]
    (program,) = (one for one in programs.state.programs.values() if "sin" in repr(one.calls))
    assert program.draft == 0 and program.hits == 2
    after = nr.explain()
    # It is the same program still.
    assert after.compilations - before.compilations == 1
    assert after.hits - before.hits == drafts.MOST + 2
    assert after.outgrown - before.outgrown == 1
    assert "twice" in str(after)


def test_explain_tells_of_drafts(options):
    chain(nr.tensor(np.arange(3, dtype=np.float32))).item()
    assert "draft; " in str(nr.explain())


def test_the_first_programs_of_a_process_are_compiled_for_speed(options, monkeypatch):
    monkeypatch.setattr(drafts, "FIRST", programs.state.compilations + 2)
    for size in range(3, 7):
        chain(nr.full((size,), 0.5)).item()
    assert are_drafts(options) == [False, False, True, True]


@pytest.mark.parametrize("how", ["variable", "setting"])
def test_without_drafts(options, monkeypatch, how):
    if how == "variable":
        monkeypatch.setenv("NEURARUST_DRAFTS", "0")
    else:
        nr.use_deterministic_algorithms(True)
    try:
        chain(nr.ones(3)).item()
    finally:
        nr.use_deterministic_algorithms(False)
    assert are_drafts(options) == [False]


def test_large_programs_are_no_drafts(options):
    chain(nr.ones(1 << 20)).item()
    assert are_drafts(options) == [False]
    assert all(one.draft == 0 for one in programs.state.programs.values())


def test_how_often_a_draft_runs():
    def runs(function, size):
        return drafts.runs(jax.make_jaxpr(function)(np.zeros(size, np.float32)).jaxpr)

    def loop(x):
        return jax.lax.scan(lambda x, _: (jax.numpy.sin(x), None), x, length=1000)[0]

    assert runs(jax.numpy.sin, 100) == drafts.MOST
    # One equation: 150 us saved, 0.5 ns an element lost.
    assert runs(jax.numpy.sin, 40_000) == 7

    def long(x):
        for _ in range(200):
            x = jax.numpy.sin(x)
        return x

    # 30 ms saved, of which 20 may be lost, 4 a run; or more, in two runs.
    assert runs(long, 40_000) == 5
    assert runs(long, 120_000) == drafts.LEAST
    assert runs(jax.numpy.sin, 200_000) == 0
    assert 0 < runs(loop, 100) < drafts.MOST


def trained():
    """Losses of a training loop."""
    nr.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
    )
    optimizer = nr.optim.Adam(model.parameters(), lr=1e-2)
    x, y = nr.randn(8, 1, 6, 6), nr.randint(0, 3, (8,))
    losses = []
    for _ in range(drafts.MOST + 4):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_drafts_train_like_programs_for_speed(options, monkeypatch):
    drafted = trained()
    assert set(are_drafts(options)) == {True, False}
    monkeypatch.setenv("NEURARUST_DRAFTS", "0")
    programs.clear()
    np.testing.assert_allclose(drafted, trained(), rtol=2e-4)


def test_jitted_functions_run_alone_once_they_are_compiled_for_speed(options):
    step = nr.jit(lambda x: (x * 3).sin() + 1)
    x = nr.arange(4.0)
    for _ in range(drafts.MOST + 6):
        np.testing.assert_allclose(step(x).numpy(), np.sin(np.arange(4) * 3) + 1, rtol=1e-6)
    assert are_drafts(options)[-1] is False
    (variants,) = step._kinds.values()
    assert any(one.plan.straight for one in variants)


def test_the_profiler_tells_of_programs_for_speed(options):
    x = nr.tensor(np.arange(10, dtype=np.float32))
    with nr.profiler.profile():
        chain(x).item()
    assert are_drafts(options).count(True) == 1 and len(options) > 3


def test_the_next_process_has_the_same_drafts(tmp_path):
    script = """
        import neurarust as nr
        import neurarust.core.engine.disk_cache as disk_cache
        from neurarust.core.engine import compiling, drafts, program as programs
        disk_cache.LEAST_SECONDS, drafts.FIRST = 0.0, 0
        compiled = []
        compile_with = compiling._with_options
        compiling._with_options = lambda *given: compiled.append(given) or compile_with(*given)
        x = nr.linspace(0, 1, 33)
        heavy = nr.ones(1 << 20)
        for _ in range(drafts.MOST + 1):
            y = (x.sin() @ x.exp()).tanh()
            y.item()
        heavy.sin().sum().item()
        print([one.draft for one in programs.state.programs.values()], y.item(), len(compiled))
    """
    environment = {"NEURARUST_CACHE_DIR": str(tmp_path), "NEURARUST_DRAFTS": "1"}
    *first, count = run(script, **environment).split()
    *second, none = run(script, **environment).split()
    assert int(count) > 2 and int(none) == 0
    assert first == second


def test_what_the_user_told_xla_is_left_alone(monkeypatch):
    class Lowered:
        def compile(self, options):
            return options

    monkeypatch.setattr(compiling, "_unknown", set())
    options = scratch.options() | drafts.OPTIONS
    assert options["xla_multiheap_size_constraint_per_heap"] < 64 << 20
    assert compiling._with_options(Lowered(), options)[1] == options
    flags = "--xla_multiheap_size_constraint_per_heap=-1 --xla_backend_optimization_level=3"
    monkeypatch.setenv("XLA_FLAGS", flags)
    assert compiling._with_options(Lowered(), options)[1] == {
        "xla_cpu_parallel_codegen_split_count": 1, "xla_cpu_use_fusion_emitters": False
    }  # fmt: skip


def test_programs_over_several_devices_are_no_drafts():
    script = """
        import jax, numpy as np, neurarust as nr
        from neurarust.core.engine import drafts, program as programs
        drafts.FIRST = 0
        mesh = jax.sharding.Mesh(np.array(jax.devices()), "d")
        spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("d"))
        x = nr.from_jax(jax.device_put(np.arange(8, dtype=np.float32), spread))
        for _ in range(drafts.MOST + 2):
            y = (x * 2).sin()
            y = y.numpy()
        np.testing.assert_allclose(y, np.sin(np.arange(8) * 2), rtol=1e-6)
        print([one.draft for one in programs.state.programs.values()], nr.explain().outgrown)
    """
    flags = "--xla_force_host_platform_device_count=2"
    assert run(script, XLA_FLAGS=flags, NEURARUST_DRAFTS="1").strip() == "[0] 0"


def test_only_what_this_version_of_xla_lacks_is_left_out(monkeypatch):
    class Lowered:
        given = None

        def compile(self, options):
            for name in ("xla_gone", "xla_never"):
                if name in options:
                    raise jax.errors.JaxRuntimeError(f"No such compile option: '{name}'")
            self.given = options

    monkeypatch.setattr(compiling, "_unknown", set())
    lowered = Lowered()
    compiling._with_options(lowered, {"xla_gone": 1, "xla_there": 2, "xla_never": 3})
    assert lowered.given == {"xla_there": 2}
    assert compiling._unknown == {"xla_gone", "xla_never"}


@pytest.mark.parametrize("drafts_taken", [True, False])
def test_the_largest_is_found_among_numbers_that_are_computed_twice(drafts_taken, monkeypatch):
    """XLA may round a product and a sum otherwise in each kernel that computes them anew."""
    monkeypatch.setenv("NEURARUST_DRAFTS", str(int(drafts_taken)))
    for shape, dim in (((44, 33), 0), ((40, 56), 1), ((54, 42), 1), ((69, 48), 0)):
        a, b = np.random.default_rng(shape).standard_normal((2, *shape)).astype(np.float32)
        x, w = nr.tensor(a, requires_grad=True), nr.tensor(b, requires_grad=True)
        product = x * w
        found = (product - product.mean(0, keepdim=True)).max(dim)
        found.values.sum().backward()
        del product
        exact = a.astype(np.float64) * b
        exact -= exact.mean(0)
        np.testing.assert_array_equal(found.indices.numpy(), exact.argmax(dim))


@pytest.mark.parametrize("drafts_taken", [True, False])
@pytest.mark.parametrize("kind", ["max", "min", "norm", "median", "scatter"])
def test_the_gradient_of_an_extreme_of_numbers_that_are_computed_twice(
    kind, drafts_taken, monkeypatch
):
    monkeypatch.setenv("NEURARUST_DRAFTS", str(int(drafts_taken)))
    for seed in range(4):
        a, b = np.random.default_rng(seed).standard_normal((2, 3, 4)).astype(np.float32)
        x, w = nr.tensor(a, requires_grad=True), nr.tensor(b, requires_grad=True)
        total = x * x + w * w if seed % 2 else x * w - (x * w).mean(0, keepdim=True)
        if kind == "norm":
            nr.linalg.vector_norm(total, float("inf"), dim=0).sum().backward()
        elif kind == "scatter":
            index = nr.zeros(1, 4, dtype=nr.int64).expand(3, 4)
            made = nr.zeros(1, 4).scatter_reduce(0, index, total, "amax", include_self=False)
            made.sum().backward()
        elif kind == "median":
            total.median().backward()
        else:
            getattr(total, f"a{kind}")(0).sum().backward()
        exact = a.astype(np.float64), b.astype(np.float64)
        sums = exact[0] ** 2 + exact[1] ** 2 if seed % 2 else exact[0] * exact[1]
        sums = sums if seed % 2 else sums - sums.mean(0)
        size = np.abs(sums) if kind == "norm" else -sums if kind == "min" else sums
        if kind == "median":
            picked = (sums == np.sort(sums, None)[5]).astype(float)
        else:
            picked = (size == size.max(0)).astype(float)
        picked *= np.sign(sums) if kind == "norm" else 1
        if not seed % 2:
            picked -= picked.mean(0)
        for one, other, given in ((x, exact[1], exact[0]), (w, exact[0], exact[1])):
            expected = picked * (2 * given if seed % 2 else other)
            np.testing.assert_allclose(one.grad.numpy(), expected, rtol=1e-4, atol=1e-5)
