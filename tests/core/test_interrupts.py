"""Ctrl-C at random points of a training loop: parameters stay whole and the loop goes on."""

from __future__ import annotations

import signal

import pytest

from neurarust.core.engine.interrupts import uninterrupted

from .subprocesses import run


@pytest.fixture(autouse=True)
def _heard():
    """Ctrl-C counts here, and in processes started here, also where the tests run without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupted_training_resumes():
    """Gradients are constant, so that weights tell how many whole steps they have made."""
    printed = run("""
        import os, random, signal, threading
        import neurarust as nr

        weight = nr.zeros(8, requires_grad=True)
        bias = nr.zeros(2, requires_grad=True)
        optimizer = nr.optim.SGD([weight, bias], lr=1.0)
        x = nr.ones(8)

        def step(k):
            optimizer.zero_grad()
            loss = (weight * x * 2).sum() + bias.sum()
            if k % 3 == 0:
                loss.item()
            loss.backward()
            optimizer.step()
            if k % 5 == 0:
                # A new shape now and then: interrupts must not spoil a compilation either.
                (nr.ones(k % 50 + 1) * 2).sum().item()

        draw = random.Random(0)
        done = steps = 0
        for attempt in range(25):
            timer = threading.Timer(draw.random() * 0.06, os.kill, (os.getpid(), signal.SIGINT))
            try:
                timer.start()
                while True:
                    step(steps)
                    steps += 1
            except KeyboardInterrupt:
                pass
            taken = {-int(one) // 2 for one in weight.tolist()}
            taken |= {-int(one) for one in bias.tolist()}
            assert len(taken) == 1, (weight, bias)
            (now,) = taken
            # What is counted was taken; the interrupted step may have been.
            assert done <= now and steps <= now <= steps + attempt + 1, (now, steps, attempt)
            done = now
        before = weight.tolist()
        step(1)
        assert weight.tolist() == [one - 2 for one in before]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        print("resumed after", attempt + 1, "interrupts,", done > 10)
    """)
    assert printed == "resumed after 25 interrupts, True\n"


def test_momentum_and_weights_stay_together():
    printed = run("""
        import os, random, signal, threading
        import neurarust as nr

        weight = nr.zeros(3, requires_grad=True)
        optimizer = nr.optim.SGD([weight], lr=1.0, momentum=0.5)
        draw = random.Random(1)
        done = 0
        for attempt in range(12):
            timer = threading.Timer(draw.random() * 0.03, os.kill, (os.getpid(), signal.SIGINT))
            try:
                timer.start()
                while True:
                    optimizer.zero_grad()
                    weight.sum().backward()
                    optimizer.step()
                    done += 1
            except KeyboardInterrupt:
                pass
            if weight in optimizer.state:
                buffer = optimizer.state[weight]["momentum_buffer"].tolist()
                assert len(set(buffer)) == 1 and len(set(weight.tolist())) == 1
                # After n steps the buffer is 2 - 2 ** (1 - n), and the weight minus their sum,
                # so that both together are 2 n.
                steps = round((buffer[0] - weight.tolist()[0]) / 2)
                assert abs(buffer[0] - weight.tolist()[0] - 2 * steps) < 1e-3, (weight, buffer)
                assert abs(buffer[0] - (2 - 2.0 ** (1 - steps))) < 1e-5, (weight, buffer)
                assert done <= steps <= done + attempt + 1, (done, steps, attempt)
        print("whole")
    """)
    assert printed == "whole\n"


def test_a_block_is_finished_before_the_interrupt():
    order = []
    with pytest.raises(KeyboardInterrupt):
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(signal.SIGINT)
                order.append("inner")
            order.append("outer")
        order.append("never")
    assert order == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_users_handler_is_called_afterwards():
    calls = []
    before = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    try:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            assert not calls
        assert calls == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)
