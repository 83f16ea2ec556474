"""A variational autoencoder of handwritten digits.

    python examples/vae.py

The encoder gives a normal distribution over 8 latent numbers, the decoder an image. Training
minimizes reconstruction error plus the divergence from the standard normal distribution
(https://arxiv.org/abs/1312.6114).
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

LATENT = 8


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--device", default="cuda" if nr.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("output/vae"))
    return parser.parse_args(argv)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 2 * LATENT))
        self.decoder = nn.Sequential(nn.Linear(LATENT, 128), nn.ReLU(), nn.Linear(128, 64))

    def forward(self, images):
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        noise = nr.randn_like(mean)
        latent = mean + noise * (0.5 * log_variance).exp()
        return self.decoder(latent), mean, log_variance


def negative_elbo(logits, images, mean, log_variance):
    """The bound to minimize, per image."""
    reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
    return (reconstruction + divergence) / len(images)


def draw(path, samples):
    figure = Figure(figsize=(5, 5), layout="constrained")
    for axes, image in zip(figure.subplots(8, 8).flat, samples, strict=True):
        axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axes.axis("off")
    figure.savefig(path, dpi=120)


def main(argv=None):
    options = parse(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    nr.manual_seed(options.seed)
    images = nr.tensor((load_digits().data / 16).astype(np.float32))
    loader = DataLoader(TensorDataset(images), batch_size=64, shuffle=True, drop_last=True)

    model = VAE().to(options.device)
    optimizer = nr.optim.Adam(model.parameters(), lr=2e-3)
    history = []
    bar = tqdm(range(options.epochs), unit="epoch")
    for _ in bar:
        total = 0.0
        for (batch,) in loader:
            batch = batch.to(options.device)
            optimizer.zero_grad()
            logits, mean, log_variance = model(batch)
            loss = negative_elbo(logits, batch, mean, log_variance)
            loss.backward()
            optimizer.step()
            total += loss.item()
        history.append(total / len(loader))
        bar.set_postfix(loss=f"{history[-1]:.2f}")

    with nr.no_grad():
        latent = nr.randn(64, LATENT, device=options.device)
        samples = nr.sigmoid(model.decoder(latent)).cpu().numpy()
    draw(options.out / "samples.png", samples)
    print(f"negative ELBO {history[-1]:.2f} per image, samples in {options.out}")
    return {"first_loss": history[0], "loss": history[-1], "samples": samples}


if __name__ == "__main__":
    main()
