"""Events and streams: waiting and timing."""

import time

import pytest

import neurarust as nr


def test_an_event_waits_for_what_was_recorded():
    x = nr.randn(400, 400)
    y = x @ x @ x
    event = nr.Event()
    event.record()
    event.synchronize()
    assert event.query()
    assert y._value().array.is_ready()


def test_time_between_events():
    start, end = nr.cuda.Event(enable_timing=True), nr.cuda.Event(enable_timing=True)
    x = nr.randn(300, 300)
    nr.synchronize()
    began = time.perf_counter()
    start.record()
    start.synchronize()
    time.sleep(0.02)
    y = x @ x
    end.record()
    passed = start.elapsed_time(end)
    assert 20 <= passed <= (time.perf_counter() - began) * 1e3
    assert y.shape == (300, 300)


def test_a_point_that_a_later_program_overwrote_is_reached():
    x = nr.zeros(1000)
    x.add_(1)
    event = nr.Event(enable_timing=True)
    event.record()
    for _ in range(3):
        x.add_(1)
        nr.synchronize(wait=False)
    event.synchronize()
    assert event.query()
    assert x[0].item() == 4


def test_events_that_cannot_be_timed():
    plain, timed = nr.Event(), nr.Event(enable_timing=True)
    plain.record()
    with pytest.raises(ValueError, match="enable_timing=True"):
        plain.elapsed_time(timed)
    timed.record()
    with pytest.raises(RuntimeError, match="must be recorded"):
        timed.elapsed_time(nr.Event(enable_timing=True))


def test_streams_change_nothing():
    one, other = nr.Stream("cpu"), nr.cuda.Stream("cpu")
    assert one == other
    with one, nr.cuda.stream(other):
        x = nr.ones(2) + 1
    other.wait_stream(one)
    event = one.record_event()
    other.wait_event(event)
    one.synchronize()
    assert other.query()
    assert x.tolist() == [2, 2]
