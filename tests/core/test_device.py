"""Devices: names, defaults, moving, and two of them in one process."""

from __future__ import annotations

import copy
import pickle

import pytest

import neurarust as nr

from .subprocesses import run

TWO_DEVICES = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


@pytest.mark.parametrize(
    ("made", "kind", "index", "text"),
    [
        (lambda: nr.device("cpu"), "cpu", None, "cpu"),
        (lambda: nr.device("cpu", 1), "cpu", 1, "cpu:1"),
        (lambda: nr.device("cuda:1"), "cuda", 1, "cuda:1"),
        (lambda: nr.device("cuda", 2), "cuda", 2, "cuda:2"),
        (lambda: nr.device("tpu"), "tpu", 0, "tpu:0"),
        (lambda: nr.device(nr.device("cuda:3")), "cuda", 3, "cuda:3"),
    ],
)
def test_names(made, kind, index, text):
    device = made()
    assert (device.type, device.index, str(device)) == (kind, index, text)
    assert nr.device(text) is device is pickle.loads(pickle.dumps(device))
    assert copy.deepcopy(device) is device
    assert eval(repr(device), {"device": nr.device}) is device


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("gpu7",), RuntimeError, "expected one of cpu, cuda, tpu device type"),
        (("cuda:x",), RuntimeError, "invalid device string"),
        (("cuda:1", 1), RuntimeError, "invalid device string"),
        ((1.5,), TypeError, "expected a name like 'cuda:0'"),
    ],
)
def test_bad_names(arguments, kind, message):
    with pytest.raises(kind, match=message):
        nr.device(*arguments)


def test_a_missing_device_is_an_error_that_says_what_there_is():
    if nr.accelerator.is_available():
        pytest.skip("this process has an accelerator")
    with pytest.raises(RuntimeError, match="tpu:0 is not available: this process has"):
        nr.ones(1, device="tpu")
    with pytest.raises(RuntimeError, match="cpu:9 was asked for, but there are"):
        nr.ones(1, device="cpu:9")
    with pytest.raises(RuntimeError, match="cpu:9"):
        nr.ones(1).to("cpu:9")


def test_questions_about_accelerators():
    assert nr.cuda.is_available() == (nr.cuda.device_count() > 0)
    if not nr.accelerator.is_available():
        assert nr.accelerator.current_accelerator() is None
        assert nr.cuda.memory_allocated() == nr.cuda.max_memory_allocated() == 0
    nr.cuda.synchronize()
    nr.accelerator.synchronize()


def test_tensors_know_their_device():
    tensor = nr.ones(2)
    assert tensor.device is nr.device("cpu")
    assert tensor.to("cpu") is tensor is tensor.cpu()
    assert (tensor * 2).device is tensor.device
    with nr.device("cpu"):
        assert nr.zeros(1).device.type == "cpu"


def test_two_devices():
    """Creation, defaults, mixing, moving with gradients, and updates on the second device."""
    printed = run(
        """
        import neurarust as nr
        first, second = nr.device("cpu"), nr.device("cpu:1")
        x = nr.arange(3.0, requires_grad=True)
        y = x.to(second)
        assert y.device is second and y.grad_fn.name() == "ToCopyBackward0"
        weight = nr.full((3,), 2.0, device=second, requires_grad=True)
        loss = (y * weight).sum()
        assert loss.device is second
        loss.backward()
        assert x.grad.device is first and x.grad.tolist() == [2, 2, 2]
        assert weight.grad.device is second and weight.grad.tolist() == [0, 1, 2]

        try:
            nr.add(x, weight)
        except RuntimeError as error:
            message = str(error)
        assert "add: Expected all tensors to be on the same device" in message, message
        assert "'input' is on cpu" in message and "'other' is on cpu:1" in message, message
        # A 0-dim tensor of the CPU may join any device.
        assert (weight * nr.tensor(3.0)).device is second
        mask = nr.tensor([True, False, True])
        assert weight.detach()[mask].device is second

        with second:
            assert nr.ones(2).device is second and nr.rand(2).device is second
            with first:
                assert nr.ones(2).device is first
        nr.set_default_device("cpu:1")
        assert nr.zeros(1).device is second and nr.get_default_device() is second
        nr.set_default_device(None)
        assert nr.zeros(1).device is first

        # One stream of random numbers, whatever the device.
        nr.manual_seed(3)
        here = nr.rand(4)
        nr.manual_seed(3)
        assert nr.rand(4, device=second).tolist() == here.tolist()

        optimizer = nr.optim.SGD([weight], lr=1.0)
        optimizer.step()
        assert weight.tolist() == [2, 1, 0] and weight.device is second
        target = nr.zeros(3)
        target.copy_(weight.detach())
        assert target.device is first and target.tolist() == [2, 1, 0]

        # Work on both devices at once, read in either order.
        a, b = nr.ones(2), nr.ones(2, device=second)
        for _ in range(3):
            a, b = a * 2, b * 3
        assert b.tolist() == [27, 27] and a.tolist() == [8, 8]
        # Second derivatives through a transfer.
        z = nr.tensor(3.0, requires_grad=True)
        (slope,) = nr.autograd.grad((z.to(second) ** 3).to(first), z, create_graph=True)
        (curvature,) = nr.autograd.grad(slope, z)
        assert (slope.item(), curvature.item()) == (27, 18)
        assert repr(b) == "tensor([27., 27.], device='cpu:1')"
        print("done")
        """,
        **TWO_DEVICES,
    )
    assert printed == "done\n"
