"""The profiler: rows add up, name the user's lines, and leave the numbers as they were."""

from __future__ import annotations

import gzip
import json

import pytest

import neurarust as nr
from neurarust import profiler
from neurarust.core.engine import layout


def train(steps: int) -> tuple[nr.Tensor, float]:
    nr.manual_seed(0)
    weight = nr.randn(64, 64, requires_grad=True)
    optimizer = nr.optim.SGD([weight], lr=0.1)
    x, loss = nr.ones(32, 64), nr.zeros(())
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (x @ weight).tanh().pow(2).mean()
        loss.backward()
        optimizer.step()
    return weight, loss.item()


def test_rows_name_operations_and_lines():
    expected = train(4)[1]
    with profiler.profile() as measured:
        _, loss = train(4)
    assert loss == pytest.approx(expected, rel=1e-6)
    rows = {row.name: row for row in measured.rows()}
    assert rows["matmul"].calls == rows["matmul.backward"].calls == 4
    assert rows["SGD.step"].calls == 4
    assert sum(row.share for row in measured.rows()) == pytest.approx(1)
    assert measured.whole > 0 and measured.runs >= 4
    lines = measured.rows("line")
    assert any(f"{__file__}:" in row.name and row.calls >= 4 for row in lines)
    assert "matmul" in str(measured)


def test_peak_names_the_tensors_that_hold_memory():
    with profiler.profile() as measured:
        (nr.ones(256, 256) * 2).exp().sum().item()
    first, *rows = measured.peak().splitlines()
    assert float(first.split()[0]) == pytest.approx(2 * 256 * 256 * 4 / 1e6, rel=0.01)
    assert len(rows) == 2
    assert all("float32[256, 256] of" in row and __file__ in row for row in rows)


def test_wrong_arguments_and_what_is_left_behind():
    with profiler.profile() as measured:
        pass
    assert measured.rows() == [] and measured.whole == 0
    with pytest.raises(ValueError, match="by must be 'op' or 'line', but got 'module'"):
        measured.rows("module")
    weight, _ = train(3)
    before = weight.detach()
    assert nr.isfinite(before).all().item()


def test_calls_alone_are_compiled_as_programs_are(monkeypatch):
    """On CPU a convolution has its channels last, alone as in a program."""
    placed = []
    made = layout.channels_last
    monkeypatch.setattr(layout, "channels_last", lambda one: placed.append(one) or made(one))
    x, weight = nr.rand(2, 3, 7, 7), nr.rand(4, 3, 3, 3)
    with nr.profiler.profile() as measured:
        twice = nr.nn.functional.conv2d(x, weight).relu()
        twice = nr.nn.functional.conv2d(x, weight) + twice
        twice.sum().item()
    programs, calls = 1, 1  # equal calls are compiled once
    assert len(placed) == programs + calls
    assert {row.name: row.calls for row in measured.rows()}["conv2d"] == 2


def test_pytorchs_spelling(tmp_path):
    ready = []
    plan = profiler.schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    with profiler.profile(
        activities=[profiler.ProfilerActivity.CPU], schedule=plan, with_stack=True,
        on_trace_ready=lambda one: ready.append((one.step_num, one.runs)),
    ) as measured:  # fmt: skip
        weight = nr.randn(8, 8)
        for _ in range(12):
            with profiler.record_function("product"):
                (weight @ weight).sum().item()
            measured.step()
    # Steps 3 and 4, and then 7 and 8, each with its products.
    assert [step for step, _ in ready] == [4, 8]
    assert [runs % 2 for _, runs in ready] == [0, 0]
    averages = measured.key_averages(group_by_input_shape=True)
    counts = {row.key: row.count for row in averages}
    assert counts["matmul"] == 2
    assert all(row.cpu_time_total == row.milliseconds * 1e3 for row in averages)
    text = averages.table(sort_by="cpu_time_total", row_limit=1)
    assert len(text.splitlines()) == 3
    assert len(averages.table(sort_by="count", row_limit=-1).splitlines()) == 2 + len(counts)
    measured.export_chrome_trace(str(tmp_path / "trace.json"))
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert {one["name"] for one in events} == counts.keys()
    assert all(one["ph"] == "X" and one["dur"] > 0 for one in events)
    profiler.tensorboard_trace_handler(str(tmp_path / "logs"), "worker")(measured)
    assert [one.name.split(".")[0] for one in (tmp_path / "logs").iterdir()] == ["worker"]
    profiler.tensorboard_trace_handler(str(tmp_path / "packed"), use_gzip=True)(measured)
    (packed,) = (tmp_path / "packed").iterdir()
    assert json.loads(gzip.decompress(packed.read_bytes()))["traceEvents"] == events
    with pytest.raises(ValueError, match="sort_by must be .*'cpu_tim'"):
        averages.table(sort_by="cpu_tim")
    with pytest.raises(ValueError, match="schedule: .*active=0"):
        profiler.schedule(wait=0, warmup=0, active=0)


def test_a_profile_inside_another_counts_for_both():
    with profiler.profile() as outer:
        (nr.ones(3) * 2).sum().item()
        with profiler.profile() as inner:
            (nr.ones(4) * 2).sum().item()
        (nr.ones(5) * 2).sum().item()
    assert inner.runs == 1 and outer.runs == 3
