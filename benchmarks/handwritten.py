"""The same training steps as pure functions under `jax.jit`, with donation, and optax.

Each function returns `step(*batch)`, which keeps parameters and optimizer state between calls and
returns the loss. Float32 throughout; the maths is that of `imperative`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .imperative import looked_at
from .workloads import LATENT, LEARNING_RATE, PIXELS, VOCABULARY, Pole, returns

Step = Callable[..., Any]
Parameters = Any
HEADS = 4
BLOCKS = 4


def trainer(parameters: Parameters, loss: Callable, rule: optax.GradientTransformation) -> Step:
    """One jitted update of `parameters` by `rule`; `loss(parameters, *batch)` is a scalar."""

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(parameters, state, *batch):
        value, gradients = jax.value_and_grad(loss)(parameters, *batch)
        updates, state = rule.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), state, value

    return keep(update, parameters, rule.init(parameters))


def trainer_with_statistics(
    parameters: Parameters, statistics: Any, loss: Callable, rule: optax.GradientTransformation
) -> Step:
    """As `trainer`, for a loss that also returns new running statistics."""

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(parameters, statistics, state, *batch):
        gradient = jax.value_and_grad(loss, has_aux=True)
        (value, statistics), gradients = gradient(parameters, statistics, *batch)
        updates, state = rule.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), statistics, state, value

    return keep(update, parameters, statistics, rule.init(parameters))


def keep(update: Callable, *state: Any) -> Step:
    """`step(*batch)` around `update(*state, *batch) -> (*state, loss)`."""

    def step(*batch):
        nonlocal state
        *state, loss = update(*state, *batch)
        return loss

    return step


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def keys():
    key = jax.random.key(0)
    while True:
        key, one = jax.random.split(key)
        yield one


KEYS = keys()


def uniform(shape: tuple[int, ...], fan_in: int) -> jax.Array:
    bound = fan_in**-0.5
    return jax.random.uniform(next(KEYS), shape, minval=-bound, maxval=bound)


def linear_init(inputs: int, outputs: int) -> Parameters:
    return {"weight": uniform((inputs, outputs), inputs), "bias": uniform((outputs,), inputs)}


def linear(layer: Parameters, x: jax.Array) -> jax.Array:
    return x @ layer["weight"] + layer["bias"]


def dense_stack(layers: list[Parameters], x: jax.Array, activation: Callable) -> jax.Array:
    for layer in layers[:-1]:
        x = activation(linear(layer, x))
    return linear(layers[-1], x)


def mlp(width: int) -> Step:
    layers = [linear_init(PIXELS, width), linear_init(width, width), linear_init(width, 10)]

    def loss(layers, inputs, labels):
        return cross_entropy(dense_stack(layers, inputs, jax.nn.relu), labels)

    return trainer(layers, loss, optax.adam(LEARNING_RATE))


def layer_norm_init(width: int) -> Parameters:
    return {"weight": jnp.ones(width), "bias": jnp.zeros(width)}


def layer_norm(layer: Parameters, x: jax.Array) -> jax.Array:
    return jax.nn.standardize(x, epsilon=1e-5) * layer["weight"] + layer["bias"]


def block_init(width: int) -> Parameters:
    return {
        "norm1": layer_norm_init(width),
        "qkv": linear_init(width, 3 * width),
        "output": linear_init(width, width),
        "norm2": layer_norm_init(width),
        "up": linear_init(width, 4 * width),
        "down": linear_init(4 * width, width),
    }


def block(layer: Parameters, x: jax.Array, is_causal: bool = True) -> jax.Array:
    batch, length, width = x.shape
    heads = (
        part.reshape(batch, length, HEADS, width // HEADS)
        for part in jnp.split(linear(layer["qkv"], layer_norm(layer["norm1"], x)), 3, axis=-1)
    )  # each (batch, time, head, width / heads)
    mixed = jax.nn.dot_product_attention(*heads, is_causal=is_causal)
    x = x + linear(layer["output"], mixed.reshape(batch, length, width))
    hidden = jax.nn.gelu(linear(layer["up"], layer_norm(layer["norm2"], x)), approximate=False)
    return x + linear(layer["down"], hidden)


def gpt(width: int, context: int, blocks: int = BLOCKS) -> Step:
    parameters = {
        "token": jax.random.normal(next(KEYS), (VOCABULARY, width)),
        "position": jax.random.normal(next(KEYS), (context, width)),
        "blocks": [block_init(width) for _ in range(blocks)],
        "norm": layer_norm_init(width),
        "head": linear_init(width, VOCABULARY),
    }

    def loss(parameters, tokens, targets):
        x = parameters["token"][tokens] + parameters["position"][: tokens.shape[1]]
        for layer in parameters["blocks"]:
            x = block(layer, x)
        logits = linear(parameters["head"], layer_norm(parameters["norm"], x))
        return cross_entropy(logits, targets)

    rule = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(LEARNING_RATE, weight_decay=0.01)
    )
    return trainer(parameters, loss, rule)


def gan(width: int, looks: int = 1) -> Step:
    sizes = (LATENT, width, width, PIXELS)
    generator = [linear_init(*pair) for pair in zip(sizes, sizes[1:], strict=False)]
    sizes = (PIXELS, width, width, 1)
    discriminator = [linear_init(*pair) for pair in zip(sizes, sizes[1:], strict=False)]
    rule = optax.adam(LEARNING_RATE)
    generator_state, discriminator_state = rule.init(generator), rule.init(discriminator)

    def generate(generator, noise):
        return jnp.tanh(dense_stack(generator, noise, jax.nn.relu))

    def judge(discriminator, images, label):
        logits = dense_stack(discriminator, images, partial(jax.nn.leaky_relu, negative_slope=0.2))
        return optax.sigmoid_binary_cross_entropy(logits, jnp.full_like(logits, label)).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def discriminator_step(discriminator, state, generator, real, noise):
        fake = generate(generator, noise)

        def loss(discriminator):
            return judge(discriminator, real, 1.0) + judge(discriminator, fake, 0.0)

        value, gradients = jax.value_and_grad(loss)(discriminator)
        updates, state = rule.update(gradients, state)
        return optax.apply_updates(discriminator, updates), state, value

    @partial(jax.jit, donate_argnums=(0, 1))
    def generator_step(generator, state, discriminator, noise):
        def loss(generator):
            return judge(discriminator, generate(generator, noise), 1.0)

        value, gradients = jax.value_and_grad(loss)(generator)
        updates, state = rule.update(gradients, state)
        return optax.apply_updates(generator, updates), state, value

    @partial(jax.jit, donate_argnums=(0, 1, 2, 3))
    def both(generator, generator_state, discriminator, discriminator_state, real, noise):
        discriminator, discriminator_state, _ = discriminator_step(
            discriminator, discriminator_state, generator, real, noise
        )
        generator, generator_state, value = generator_step(
            generator, generator_state, discriminator, noise
        )
        return (generator, generator_state, discriminator, discriminator_state), value

    state = generator, generator_state, discriminator, discriminator_state
    confident = []

    def unseen(real, noise):
        nonlocal state
        state, value = both(*state, real, noise)
        return value

    def step(real, noise):
        nonlocal generator, discriminator, generator_state, discriminator_state
        discriminator, discriminator_state, value = discriminator_step(
            discriminator, discriminator_state, generator, real, noise
        )
        confident.append(value.item() < 0.5)  # the look in mid-step
        generator, generator_state, value = generator_step(
            generator, generator_state, discriminator, noise
        )
        return value

    return step if looks else unseen


def lstm_init(inputs: int, width: int) -> Parameters:
    return {
        "input": uniform((inputs, 4 * width), width),
        "hidden": uniform((width, 4 * width), width),
        "bias": uniform((4 * width,), width),
    }


def lstm_layer(layer: Parameters, x: jax.Array) -> jax.Array:
    """All hidden states `(time, batch, width)`; the input's share of the gates is made at once."""
    width = layer["hidden"].shape[0]
    projected = x @ layer["input"] + layer["bias"]
    zeros = jnp.zeros((x.shape[1], width))

    def cell(carry, projected):
        hidden, memory = carry
        gates = projected + hidden @ layer["hidden"]
        enter, forget, candidate, leave = jnp.split(gates, 4, axis=-1)
        memory = jax.nn.sigmoid(forget) * memory + jax.nn.sigmoid(enter) * jnp.tanh(candidate)
        hidden = jax.nn.sigmoid(leave) * jnp.tanh(memory)
        return (hidden, memory), hidden

    return jax.lax.scan(cell, (zeros, zeros), projected)[1]


def lstm(width: int) -> Step:
    parameters = {
        "layers": [lstm_init(32, width), lstm_init(width, width)],
        "head": linear_init(width, 10),
    }

    def loss(parameters, sequences, labels):
        x = sequences.swapaxes(0, 1)  # (time, batch, features)
        for layer in parameters["layers"]:
            x = lstm_layer(layer, x)
        return cross_entropy(linear(parameters["head"], x[-1]), labels)

    return trainer(parameters, loss, optax.adam(LEARNING_RATE))


def conv_init(inputs: int, outputs: int, size: int = 3) -> Parameters:
    return {
        "kernel": uniform((size, size, inputs, outputs), inputs * size * size),
        "scale": jnp.ones(outputs),
        "shift": jnp.zeros(outputs),
    }


def running_init(layers: Any) -> Any:
    """Mean and variance for each convolution of a tree of layers."""

    def is_conv(tree):
        return isinstance(tree, dict) and "kernel" in tree

    def statistics(layer):
        width = layer["scale"].shape[0]
        return {"mean": jnp.zeros(width), "variance": jnp.ones(width)}

    return jax.tree.map(statistics, layers, is_leaf=is_conv)


def conv_norm(layer: Parameters, running: Any, x: jax.Array, stride: int = 1) -> tuple:
    """Convolution and batch normalization of `(batch, height, width, channels)`."""
    pad = layer["kernel"].shape[0] // 2
    x = jax.lax.conv_general_dilated(
        x,
        layer["kernel"],
        (stride, stride),
        ((pad, pad), (pad, pad)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    count = x.size // x.shape[-1]
    running = {
        "mean": 0.9 * running["mean"] + 0.1 * mean,
        "variance": 0.9 * running["variance"] + 0.1 * variance * (count / (count - 1)),
    }
    scale = layer["scale"] * jax.lax.rsqrt(variance + 1e-5)
    return (x - mean) * scale + layer["shift"], running


def max_pool(x: jax.Array) -> jax.Array:
    window = (1, 2, 2, 1)
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")


def momentum() -> optax.GradientTransformation:
    return optax.sgd(0.01, momentum=0.9)


def cnn() -> Step:
    layers = [conv_init(3, 32), conv_init(32, 32), conv_init(32, 64)]
    parameters = {"layers": layers, "head": linear_init(64 * 8 * 8, 10)}

    def loss(parameters, running, images, labels):
        x, updated = images.transpose(0, 2, 3, 1), []
        for index, (layer, statistics) in enumerate(
            zip(parameters["layers"], running, strict=True)
        ):
            x, statistics = conv_norm(layer, statistics, x)
            updated.append(statistics)
            x = jax.nn.relu(x)
            x = max_pool(x) if index > 0 else x
        logits = linear(parameters["head"], x.reshape(x.shape[0], -1))
        return cross_entropy(logits, labels), updated

    return trainer_with_statistics(parameters, running_init(layers), loss, momentum())


RESNET = ((16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1))


def residual_init(inputs: int, outputs: int, stride: int) -> Parameters:
    layer = {"conv1": conv_init(inputs, outputs), "conv2": conv_init(outputs, outputs)}
    return layer | ({"shortcut": conv_init(inputs, outputs, 1)} if stride != 1 else {})


def residual(layer: Parameters, running: Any, x: jax.Array, stride: int) -> tuple:
    updated = {}
    inner, updated["conv1"] = conv_norm(layer["conv1"], running["conv1"], x, stride)
    inner, updated["conv2"] = conv_norm(layer["conv2"], running["conv2"], jax.nn.relu(inner))
    if "shortcut" in layer:
        x, updated["shortcut"] = conv_norm(layer["shortcut"], running["shortcut"], x, stride)
    return jax.nn.relu(x + inner), updated


def resnet() -> Step:
    layers = {"stem": conv_init(3, 16), "blocks": [residual_init(*row) for row in RESNET]}
    parameters = {"layers": layers, "head": linear_init(64, 10)}

    def loss(parameters, running, images, labels):
        layers, blocks = parameters["layers"], []
        x, stem = conv_norm(layers["stem"], running["stem"], images.transpose(0, 2, 3, 1))
        x = jax.nn.relu(x)
        rows = zip(layers["blocks"], running["blocks"], RESNET, strict=True)
        for layer, statistics, (_, _, stride) in rows:
            x, statistics = residual(layer, statistics, x, stride)
            blocks.append(statistics)
        logits = linear(parameters["head"], x.mean((1, 2)))
        return cross_entropy(logits, labels), {"stem": stem, "blocks": blocks}

    return trainer_with_statistics(parameters, running_init(layers), loss, momentum())


def vit(width: int) -> Step:
    parameters = {
        "patches": linear_init(48, width),
        "position": jnp.zeros((64, width)),
        "blocks": [block_init(width) for _ in range(BLOCKS)],
        "norm": layer_norm_init(width),
        "head": linear_init(width, 10),
    }

    @jax.jit
    def right(parameters, images, labels):
        patches = images.reshape(-1, 3, 8, 4, 8, 4).transpose(0, 2, 4, 1, 3, 5)
        x = linear(parameters["patches"], patches.reshape(-1, 64, 48)) + parameters["position"]
        for layer in parameters["blocks"]:
            x = block(layer, x, is_causal=False)
        logits = linear(parameters["head"], layer_norm(parameters["norm"], x.mean(1)))
        return (logits.argmax(1) == labels).sum()

    return partial(right, parameters)


def pointwise() -> Step:
    @jax.jit
    def chain(x, y):
        for _ in range(10):
            x = jax.nn.sigmoid(x * y + 0.5) - x
        return x.sum()

    return looked_at(chain)


def tiny() -> Step:
    @jax.jit
    def chain(x, y):
        for _ in range(100):
            x = x * 0.99 + y
        return x.sum()

    return looked_at(chain)


def reinforce(width: int) -> Step:
    """Episodes are padded to the longest, so that one program serves all."""
    layers = [linear_init(4, width), linear_init(width, 2)]
    rule = optax.adam(LEARNING_RATE)

    @jax.jit
    def act(layers, state, key):
        key, used = jax.random.split(key)
        return jax.random.categorical(used, dense_stack(layers, state, jnp.tanh)), key

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(layers, kept, states, actions, weights):
        def loss(layers):
            logits = jax.nn.log_softmax(dense_stack(layers, states, jnp.tanh))
            return -(logits[jnp.arange(Pole.LONGEST), actions] * weights).sum()

        value, gradients = jax.value_and_grad(loss)(layers)
        updates, kept = rule.update(gradients, kept)
        return optax.apply_updates(layers, updates), kept, value

    pole, key, kept = Pole(), next(KEYS), rule.init(layers)

    def step():
        nonlocal layers, kept, key
        state, ended = pole.reset(), False
        states = np.zeros((Pole.LONGEST, 4), np.float32)
        actions, weights = np.zeros(Pole.LONGEST, np.int32), np.zeros(Pole.LONGEST, np.float32)
        count = 0
        while not ended:
            action, key = act(layers, state, key)
            states[count], actions[count] = state, action.item()
            state, ended = pole.step(actions[count])
            count += 1
        weights[:count] = returns(count)
        layers, kept, value = update(layers, kept, states, actions, weights)
        return value

    return step
