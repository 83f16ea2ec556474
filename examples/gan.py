"""A generative adversarial network that draws handwritten digits.

    python examples/gan.py

Two networks, two optimizers (https://arxiv.org/abs/1406.2661). In the middle of each step the
script looks at the discriminator's loss, and lets the discriminator rest when it is far ahead.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from tqdm import tqdm

import neurarust as nr
import neurarust.nn.functional as F
from neurarust import nn
from neurarust.data import DataLoader, TensorDataset

LATENT = 32
FAR_AHEAD = 1.2
"""Discriminator loss below which it rests; guessing gives 2 ln 2 = 1.39."""


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--device", default="cuda" if nr.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("output/gan"))
    return parser.parse_args(argv)


def build_generator():
    return nn.Sequential(
        nn.Linear(LATENT, 128),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, 256),
        nn.BatchNorm1d(256),
        nn.ReLU(),
        nn.Linear(256, 64),
        nn.Sigmoid(),
    )


def build_discriminator():
    return nn.Sequential(
        nn.Linear(64, 256),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.3),
        nn.Linear(256, 128),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.3),
        nn.Linear(128, 1),
    )


def adversarial(logits, label):
    return F.binary_cross_entropy_with_logits(logits, nr.full_like(logits, label))


def draw(path, samples):
    figure = Figure(figsize=(5, 5), layout="constrained")
    for axes, image in zip(figure.subplots(8, 8).flat, samples, strict=False):
        axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axes.axis("off")
    figure.savefig(path, dpi=120)


def main(argv=None):
    options = parse(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    nr.manual_seed(options.seed)
    images = (load_digits().data / 16).astype(np.float32)
    dataset = TensorDataset(nr.tensor(images))
    loader = DataLoader(dataset, batch_size=64, shuffle=True, drop_last=True)

    generator = build_generator().to(options.device)
    discriminator = build_discriminator().to(options.device)
    generator_optimizer = nr.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    discriminator_optimizer = nr.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))

    rests, losses = 0, []
    bar = tqdm(range(options.epochs), unit="epoch")
    for _ in bar:
        for (real,) in loader:
            real = real.to(options.device)
            fake = generator(nr.randn(len(real), LATENT, device=options.device))

            discriminator_optimizer.zero_grad()
            loss = adversarial(discriminator(real), 0.9)
            loss = loss + adversarial(discriminator(fake.detach()), 0.0)
            discriminator_loss = loss.item()
            if discriminator_loss > FAR_AHEAD:
                loss.backward()
                discriminator_optimizer.step()
            else:
                rests += 1

            generator_optimizer.zero_grad()
            loss = adversarial(discriminator(fake), 1.0)
            loss.backward()
            generator_optimizer.step()
            losses.append((discriminator_loss, loss.item()))
        mean = np.mean(losses[-len(loader) :], axis=0)
        bar.set_postfix(discriminator=f"{mean[0]:.2f}", generator=f"{mean[1]:.2f}", rests=rests)

    generator.eval()
    with nr.no_grad():
        samples = generator(nr.randn(500, LATENT, device=options.device)).cpu().numpy()
    draw(options.out / "samples.png", samples)
    # How far the average generated digit is from the average real one, in grey levels of [0, 1].
    distance = float(np.abs(samples.mean(axis=0) - images.mean(axis=0)).mean())
    print(f"distance of the mean images {distance:.3f}, samples in {options.out}")
    return {"distance": distance, "losses": losses, "rests": rests}


if __name__ == "__main__":
    main()
