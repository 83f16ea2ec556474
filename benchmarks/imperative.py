"""The training steps in PyTorch's API: `T` is the module `torch` or `neurarust`.

Each function builds a model and returns `step(*batch)`, which trains on one batch and returns the
loss. `wrap` is applied to each model (the identity, or `torch.compile`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .workloads import LATENT, LEARNING_RATE, PIXELS, VOCABULARY, Pole, returns

Step = Callable[..., Any]
HEADS = 4
BLOCKS = 4


def classifier(T: Any, model: Any, optimizer: Any) -> Step:
    """The usual step: forward, cross entropy, backward, update."""
    F = T.nn.functional

    def step(inputs, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def mlp(T: Any, wrap: Callable, width: int) -> Step:
    nn = T.nn
    model = wrap(
        nn.Sequential(
            nn.Linear(PIXELS, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 10),
        )
    )
    return classifier(T, model, T.optim.Adam(model.parameters(), lr=LEARNING_RATE))


def block_of(T: Any, width: int, is_causal: bool) -> Any:
    """A block of a transformer: attention and two linear maps, each after a normalization."""
    nn, F = T.nn, T.nn.functional

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.output = nn.Linear(width, width)

        def forward(self, x):
            batch, length, _ = x.shape
            heads = (
                part.reshape(batch, length, HEADS, width // HEADS).transpose(1, 2)
                for part in self.qkv(x).split(width, dim=2)
            )  # each (batch, head, time, width / heads)
            mixed = F.scaled_dot_product_attention(*heads, is_causal=is_causal)
            return self.output(mixed.transpose(1, 2).reshape(batch, length, width))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1 = nn.LayerNorm(width)
            self.attention = Attention()
            self.norm2 = nn.LayerNorm(width)
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
            )

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    return Block()


def gpt(T: Any, wrap: Callable, width: int, context: int, blocks: int = BLOCKS) -> Step:
    nn, F = T.nn, T.nn.functional

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(VOCABULARY, width)
            self.position = nn.Embedding(context, width)
            self.blocks = nn.Sequential(*(block_of(T, width, True) for _ in range(blocks)))
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, VOCABULARY)

        def forward(self, tokens):
            positions = T.arange(tokens.shape[1])
            x = self.token(tokens) + self.position(positions)
            return self.head(self.norm(self.blocks(x)))

    model = wrap(GPT())
    optimizer = T.optim.AdamW(model.parameters(), lr=LEARNING_RATE)

    def step(tokens, targets):
        optimizer.zero_grad()
        logits = model(tokens)
        loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), targets.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    return step


def gan_networks(T: Any, wrap: Callable, width: int) -> tuple:
    """Generator, discriminator and their optimizers."""
    nn = T.nn
    generator = wrap(
        nn.Sequential(
            nn.Linear(LATENT, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, PIXELS),
            nn.Tanh(),
        )
    )
    discriminator = wrap(
        nn.Sequential(
            nn.Linear(PIXELS, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )
    )
    generator_optimizer = T.optim.Adam(generator.parameters(), lr=LEARNING_RATE)
    discriminator_optimizer = T.optim.Adam(discriminator.parameters(), lr=LEARNING_RATE)
    return generator, discriminator, generator_optimizer, discriminator_optimizer


def gan(T: Any, wrap: Callable, width: int, looks: int = 1) -> Step:
    F = T.nn.functional
    generator, discriminator, generator_optimizer, discriminator_optimizer = gan_networks(
        T, wrap, width
    )
    confident = []

    def step(real, noise):
        ones = T.ones(real.shape[0], 1)
        discriminator_optimizer.zero_grad()
        fake = generator(noise)
        loss = F.binary_cross_entropy_with_logits(discriminator(real), ones)
        loss = loss + F.binary_cross_entropy_with_logits(
            discriminator(fake.detach()), T.zeros_like(ones)
        )
        loss.backward()
        discriminator_optimizer.step()
        if looks:
            confident.append(loss.item() < 0.5)  # the look in mid-step

        generator_optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(discriminator(fake), ones)
        loss.backward()
        generator_optimizer.step()
        if not looks:  # nor are gradients there after it, as in JAX
            discriminator_optimizer.zero_grad()
            generator_optimizer.zero_grad()
        return loss

    return step


def gan_halves(T: Any, wrap: Callable, width: int) -> Step:
    """The same as two functions, which `wrap` gets, and that end without gradients."""
    F = T.nn.functional
    generator, discriminator, generator_optimizer, discriminator_optimizer = gan_networks(
        T, lambda model: model, width
    )
    confident = []

    @wrap
    def discriminator_step(real, noise):
        ones = T.ones(real.shape[0], 1)
        with T.no_grad():
            fake = generator(noise)
        loss = F.binary_cross_entropy_with_logits(discriminator(real), ones)
        loss = loss + F.binary_cross_entropy_with_logits(discriminator(fake), T.zeros_like(ones))
        loss.backward()
        discriminator_optimizer.step()
        discriminator_optimizer.zero_grad()
        return loss

    @wrap
    def generator_step(noise):
        ones = T.ones(noise.shape[0], 1)
        loss = F.binary_cross_entropy_with_logits(discriminator(generator(noise)), ones)
        loss.backward()
        generator_optimizer.step()
        generator_optimizer.zero_grad()
        discriminator_optimizer.zero_grad()
        return loss

    def step(real, noise):
        confident.append(discriminator_step(real, noise).item() < 0.5)  # the look in mid-step
        return generator_step(noise)

    return step


def lstm(T: Any, wrap: Callable, width: int) -> Step:
    nn = T.nn

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(32, width, num_layers=2, batch_first=True)
            self.head = nn.Linear(width, 10)

        def forward(self, sequences):
            states, _ = self.lstm(sequences)
            return self.head(states[:, -1])

    model = wrap(Reader())
    return classifier(T, model, T.optim.Adam(model.parameters(), lr=LEARNING_RATE))


def cnn(T: Any, wrap: Callable) -> Step:
    nn = T.nn

    def convolution(inputs, outputs):
        return (
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )

    model = wrap(
        nn.Sequential(
            *convolution(3, 32),
            *convolution(32, 32),
            nn.MaxPool2d(2),
            *convolution(32, 64),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 8 * 8, 10),
        )
    )
    return classifier(T, model, momentum(T, model))


def resnet(T: Any, wrap: Callable) -> Step:
    nn, F = T.nn, T.nn.functional

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(outputs)
            self.shortcut = nn.Identity()
            if stride != 1 or inputs != outputs:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False),
                    nn.BatchNorm2d(outputs),
                )

        def forward(self, x):
            residual = F.relu(self.norm1(self.conv1(x)))
            residual = self.norm2(self.conv2(residual))
            return F.relu(self.shortcut(x) + residual)

    model = wrap(
        nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            Block(16, 16, 1),
            Block(16, 16, 1),
            Block(16, 32, 2),
            Block(32, 32, 1),
            Block(32, 64, 2),
            Block(64, 64, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, 10),
        )
    )
    return classifier(T, model, momentum(T, model))


def momentum(T: Any, model: Any) -> Any:
    return T.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def vit(T: Any, wrap: Callable, width: int) -> Step:
    """A vision transformer that only infers: patches of 4 x 4 pixels."""
    nn = T.nn

    class ViT(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, width, 4, stride=4)
            self.position = nn.Parameter(T.zeros(64, width))
            self.blocks = nn.Sequential(*(block_of(T, width, False) for _ in range(BLOCKS)))
            self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 10))

        def forward(self, images):
            x = self.patches(images).flatten(2).transpose(1, 2) + self.position
            return self.head(self.blocks(x).mean(1))

    model = wrap(ViT().eval())

    def step(images, labels):
        with T.no_grad():
            return (model(images).argmax(1) == labels).sum()

    return step


def looked_at(function: Callable) -> Step:
    """The function, with its result waited for: what nobody looks at need not be computed."""

    def step(*batch):
        result = function(*batch)
        result.item()
        return result

    return step


def pointwise(T: Any, wrap: Callable) -> Step:
    """Forty operations on a million numbers each, and a look."""

    def chain(x, y):
        for _ in range(10):
            x = (x * y + 0.5).sigmoid() - x
        return x.sum()

    return looked_at(wrap(chain))


def tiny(T: Any, wrap: Callable) -> Step:
    """Two hundred operations on sixteen numbers, and a look."""

    def chain(x, y):
        for _ in range(100):
            x = x * 0.99 + y
        return x.sum()

    return looked_at(wrap(chain))


def reinforce(T: Any, wrap: Callable, width: int) -> Step:
    """An episode of unknown length, an action and a look a step, then an update."""
    nn = T.nn
    policy = wrap(nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 2)))
    optimizer = T.optim.Adam(policy.parameters(), lr=LEARNING_RATE)
    pole = Pole()

    def step():
        state, ended, chosen = pole.reset(), False, []
        while not ended:
            choice = T.distributions.Categorical(logits=policy(T.from_numpy(state)))
            action = choice.sample()
            chosen.append(choice.log_prob(action))
            state, ended = pole.step(action.item())
        loss = -(T.stack(chosen) * T.from_numpy(returns(len(chosen)))).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def reinforce_padded(T: Any, wrap: Callable, width: int) -> Step:
    """The same as two functions, which `wrap` gets: episodes are padded to the longest."""
    nn = T.nn
    policy = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 2))
    optimizer = T.optim.Adam(policy.parameters(), lr=LEARNING_RATE)
    pole, Categorical = Pole(), T.distributions.Categorical

    @wrap
    def act(state):
        with T.no_grad():
            return Categorical(logits=policy(state)).sample()

    @wrap
    def update(states, actions, weights):
        chosen = Categorical(logits=policy(states)).log_prob(actions)
        loss = -(chosen * weights).sum()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    def step():
        state, ended, count = pole.reset(), False, 0
        states = np.zeros((pole.LONGEST, 4), np.float32)
        actions, weights = np.zeros(pole.LONGEST, np.int64), np.zeros(pole.LONGEST, np.float32)
        while not ended:
            states[count], actions[count] = state, act(T.from_numpy(state)).item()
            state, ended = pole.step(actions[count])
            count += 1
        weights[:count] = returns(count)
        return update(T.from_numpy(states), T.from_numpy(actions), T.from_numpy(weights))

    return step
