"""Averages of weights, SWALR, and statistics of batch norm."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust.optim import swa_utils


def averaged(steps=4, **options):
    """A model whose weight is 0, 1, 2... and its average."""
    model = nr.nn.Linear(1, 1, bias=False)
    average = swa_utils.AveragedModel(model, **options)
    for k in range(steps):
        with nr.no_grad():
            model.weight.fill_(float(k))
        average.update_parameters(model)
    return average


def test_all_models_count_the_same():
    for options in ({}, {"avg_fn": swa_utils.get_swa_avg_fn()}):
        average = averaged(**options)
        assert average.module.weight.item() == pytest.approx(1.5)
        assert average.n_averaged.item() == 4


def test_moving_average():
    expected = 0.0
    for k in range(1, 4):
        expected = 0.9 * expected + 0.1 * k
    for options in (
        {"avg_fn": swa_utils.get_ema_avg_fn(0.9)},
        {"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.9)},
    ):
        assert averaged(**options).module.weight.item() == pytest.approx(expected)
    with pytest.raises(ValueError, match="Invalid decay"):
        swa_utils.get_ema_avg_fn(1.5)


@pytest.mark.parametrize("kind", ["avg_fn", "multi_avg_fn"])
def test_nobody_looks_at_the_count(kind):
    """So the first update may be in a jitted step, and a count that is set back begins anew."""
    function = {"avg_fn": swa_utils.get_swa_avg_fn, "multi_avg_fn": swa_utils.get_swa_multi_avg_fn}
    model = nr.nn.Linear(1, 1, bias=False)
    average = swa_utils.AveragedModel(model, **{kind: function[kind]()})

    @nr.jit(fullgraph=True)
    def step(value):
        with nr.no_grad():
            model.weight.copy_(value)
        average.update_parameters(model)

    for k in range(6):
        step(nr.full((1, 1), float(k)))
        assert average.module.weight.item() == pytest.approx(k / 2)
    average.n_averaged.zero_()
    step(nr.full((1, 1), 9.0))
    assert average.module.weight.item() == 9 and average.n_averaged.item() == 1


def test_another_model_is_refused():
    average = swa_utils.AveragedModel(nr.nn.Linear(1, 1))
    with pytest.raises(RuntimeError, match="expected one with 2, .* got a model with 1 tensors"):
        average.update_parameters(nr.nn.Linear(1, 1, bias=False))
    assert average.n_averaged.item() == 0


def test_an_update_compiles_once():
    average = averaged(3)
    model = nr.nn.Linear(1, 1, bias=False)
    for _ in range(3):
        average.update_parameters(model)
        nr.synchronize()
    before = nr.explain().compilations
    for _ in range(3):
        average.update_parameters(model)
        nr.synchronize()
    assert nr.explain().compilations == before


def test_buffers_are_copied_or_averaged():
    model = nr.nn.BatchNorm1d(2)
    copied, mean = swa_utils.AveragedModel(model), swa_utils.AveragedModel(model, use_buffers=True)
    for k in range(2):
        with nr.no_grad():
            model.running_mean.fill_(float(k))
        copied.update_parameters(model)
        mean.update_parameters(model)
    assert copied.module.running_mean.tolist() == [1.0, 1.0]
    assert mean.module.running_mean.tolist() == [0.5, 0.5]


def test_update_bn():
    model = nr.nn.Sequential(nr.nn.BatchNorm1d(2)).eval()
    batches = [np.random.default_rng(k).standard_normal((8, 2)).astype(np.float32) for k in (0, 1)]
    swa_utils.update_bn([(nr.tensor(batch), None) for batch in batches], model)
    expected = np.mean([batch.mean(0) for batch in batches], 0)
    np.testing.assert_allclose(model[0].running_mean, expected, rtol=1e-5)
    assert not model.training and model[0].momentum == 0.1


def test_swalr_reaches_its_rate():
    optimizer = nr.optim.SGD([nr.nn.Parameter(nr.ones(1))], lr=1.0)
    scheduler = swa_utils.SWALR(optimizer, 0.2, anneal_epochs=4, anneal_strategy="linear")
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 0.2])
