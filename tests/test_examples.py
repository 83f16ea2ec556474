"""Each example runs at a small size and learns something."""

from __future__ import annotations

import math

import numpy as np

from examples import digits, gan, reinforce, sequence_lstm, shakespeare, vae

SMALL_DIGITS = ["--epochs", "3", "--train-size", "512"]


def test_digits_learns_and_draws(tmp_path):
    result = digits.main([*SMALL_DIGITS, "--out", str(tmp_path)])
    assert result["accuracy"] > 0.75
    assert (tmp_path / "digits.png").stat().st_size > 10_000


def test_digits_resumes_exactly(tmp_path):
    whole = digits.main([*SMALL_DIGITS, "--out", str(tmp_path / "whole")])
    for stop in ("1", "2"):
        parts = [*SMALL_DIGITS, "--out", str(tmp_path / stop)]
        digits.main([*parts, "--stop-after", stop])
        resumed = digits.main([*parts, "--resume"])
        assert resumed["losses"] == whole["losses"]
        assert resumed["accuracy"] == whole["accuracy"]


def test_digits_depends_on_the_seed_alone(tmp_path):
    options = ["--epochs", "1", "--train-size", "256", "--out", str(tmp_path)]
    first, again, other = (digits.main([*options, "--seed", seed]) for seed in "001")
    assert first["losses"] == again["losses"]
    assert first["losses"] != other["losses"]


def test_sequence_lstm():
    assert sequence_lstm.main(["--epochs", "6", "--hidden", "32"])["accuracy"] > 0.7


def test_vae(tmp_path):
    result = vae.main(["--epochs", "4", "--out", str(tmp_path)])
    assert result["loss"] < 0.9 * result["first_loss"]
    assert result["samples"].shape == (64, 64)
    assert (tmp_path / "samples.png").exists()


def test_gan(tmp_path):
    result = gan.main(["--epochs", "10", "--out", str(tmp_path)])
    assert result["distance"] < 0.2
    assert np.isfinite(result["losses"]).all()


def test_reinforce():
    result = reinforce.main(["--episodes", "100", "--longest", "60"])
    assert len(set(result["lengths"])) > 5
    assert np.mean(result["lengths"][-30:]) > np.mean(result["lengths"][:30])


def test_shakespeare(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(SONNET * 20, encoding="utf-8")
    sizes = ["--steps", "60", "--width", "32", "--blocks", "2", "--context", "32", "--write", "40"]
    result = shakespeare.main(["--text", str(text), *sizes])
    assert result["loss"] < 0.8 * result["first_loss"]
    assert result["first_loss"] < 2 * math.log(len(set(SONNET)))
    assert len(result["passage"]) == 41
    assert set(result["passage"]) <= set(SONNET)


SONNET = """Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade
Nor lose possession of that fair thou owest;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou growest:
So long as men can breathe or eyes can see,
So long lives this and this gives life to thee.
"""
