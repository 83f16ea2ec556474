"""REINFORCE on a cart that balances a pole, with episodes of varying length.

    python examples/reinforce.py

The policy sees the cart's and the pole's position and speed and pushes left or right. After each
episode the log-probabilities of its actions are weighted by the return that followed them
(Williams, 1992, https://doi.org/10.1007/BF00992696).
"""

import argparse
import math

import numpy as np
from tqdm import tqdm

import neurarust as nr
import neurarust.nn.functional as F
from neurarust import nn

DISCOUNT = 0.99


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=400)
    parser.add_argument("--longest", type=int, default=200, help="steps after which to stop")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


class CartPole:
    """A pole on a cart, by Newton's equations and Euler steps (Barto, Sutton, Anderson, 1983)."""

    gravity, cart_mass, pole_mass, half_length, push, tick = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def reset(self):
        self.state = self.generator.uniform(-0.05, 0.05, 4)
        return self.state.astype(np.float32)

    def step(self, action):
        """The next state, and whether the pole fell or the cart left the track."""
        place, speed, angle, turning = self.state
        force = self.push if action == 1 else -self.push
        mass = self.cart_mass + self.pole_mass
        sine, cosine = math.sin(angle), math.cos(angle)
        pull = (force + self.pole_mass * self.half_length * turning**2 * sine) / mass
        lever = self.half_length * (4 / 3 - self.pole_mass * cosine**2 / mass)
        turning_rate = (self.gravity * sine - cosine * pull) / lever
        rate = pull - self.pole_mass * self.half_length * turning_rate * cosine / mass
        self.state = self.state + self.tick * np.array([speed, rate, turning, turning_rate])
        failed = abs(self.state[0]) > 2.4 or abs(self.state[2]) > math.radians(12)
        return self.state.astype(np.float32), failed


def run_episode(environment, policy, longest):
    """The log-probability of each action taken, until the pole falls."""
    log_probabilities = []
    state = environment.reset()
    for _ in range(longest):
        scores = F.log_softmax(policy(nr.tensor(state)), dim=0)
        action = nr.multinomial(scores.detach().exp(), 1).item()
        log_probabilities.append(scores[action])
        state, failed = environment.step(action)
        if failed:
            break
    return log_probabilities


def returns(length):
    """Discounted returns of a reward of 1 a step, brought to mean 0 and deviation 1."""
    values = (1 - DISCOUNT ** np.arange(length, 0, -1)) / (1 - DISCOUNT)
    values = (values - values.mean()) / (values.std() + 1e-6)
    return nr.tensor(values.astype(np.float32))


def main(argv=None):
    options = parse(argv)
    nr.manual_seed(options.seed)
    environment = CartPole(options.seed)
    policy = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = nr.optim.Adam(policy.parameters(), lr=5e-3)

    lengths = []
    bar = tqdm(range(options.episodes), unit="episode")
    for _ in bar:
        log_probabilities = run_episode(environment, policy, options.longest)
        lengths.append(len(log_probabilities))
        optimizer.zero_grad()
        loss = -(nr.stack(log_probabilities) * returns(lengths[-1])).sum()
        loss.backward()
        optimizer.step()
        bar.set_postfix(mean_length=f"{np.mean(lengths[-50:]):.0f}")

    mean = float(np.mean(lengths[-50:]))
    print(f"mean length of the last 50 episodes: {mean:.1f} steps of {options.longest}")
    return {"lengths": lengths, "mean_length": mean}


if __name__ == "__main__":
    main()
