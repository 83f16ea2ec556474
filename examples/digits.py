"""A convolutional network on the 1,797 handwritten digits that scikit-learn ships.

    python examples/digits.py                  # trains, prints the test accuracy, draws a picture
    python examples/digits.py --resume         # goes on from the checkpoint in --out

Each epoch ends with a checkpoint that holds all that training depends on, so a run that was
interrupted and resumed ends with the same numbers as one that was not.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import neurarust as nr
import neurarust.nn.functional as F
from neurarust import nn
from neurarust.data import DataLoader, TensorDataset

BATCH = 64


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--device", default="cuda" if nr.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("output/digits"))
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--stop-after", type=int, help="stop after so many epochs, to resume later")
    parser.add_argument("--train-size", type=int, help="use only so many training images")
    return parser.parse_args(argv)


def load(seed, train_size=None):
    """Images `(n, 1, 8, 8)` in [0, 1] and labels, for training and for the test."""
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, digits.target, test_size=0.2, stratify=digits.target, random_state=seed
    )
    train = nr.tensor(train_images[:train_size]), nr.tensor(train_labels[:train_size])
    return train, (nr.tensor(test_images), nr.tensor(test_labels))


def build():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * 4 * 4, 128),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )


def train_epoch(model, optimizer, scheduler, loader, device, bar):
    """Trains on every batch once; the losses of the steps."""
    model.train()
    losses, correct, seen = [], 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        logits = model(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
        loss.backward()
        optimizer.step()
        scheduler.step()

        losses.append(loss.item())
        correct += (logits.argmax(dim=1) == labels).sum().item()
        seen += len(labels)
        bar.update()
        bar.set_postfix(loss=f"{losses[-1]:.3f}", accuracy=f"{correct / seen:.3f}")
    return losses


@nr.no_grad()
def predict(model, images, device):
    model.eval()
    return model(images.to(device)).argmax(dim=1).cpu()


def draw(path, losses, images, labels, guesses):
    """The loss curve, the confusion matrix and the first digits that were read wrongly."""
    figure = Figure(figsize=(13, 4), layout="constrained")
    curve, matrix, mistakes = figure.subplots(1, 3)
    curve.semilogy(losses)
    curve.set(xlabel="step", ylabel="loss", title="Training")

    counts = np.zeros((10, 10), dtype=int)
    np.add.at(counts, (labels, guesses), 1)
    matrix.imshow(np.log1p(counts), cmap="Blues")
    for row, column in zip(*counts.nonzero(), strict=True):
        color = "white" if row == column else "black"
        matrix.text(column, row, counts[row, column], ha="center", va="center", color=color)
    matrix.set(xlabel="read as", ylabel="is", xticks=range(10), yticks=range(10))

    wrong = np.flatnonzero(labels != guesses)
    mistakes.set(title=f"{len(wrong)} of {len(labels)} wrong")
    mistakes.axis("off")
    for place, index in enumerate(wrong[:16]):
        inset = mistakes.inset_axes((place % 4 / 4, 0.76 - place // 4 / 4, 0.2, 0.17))
        inset.imshow(images[index, 0], cmap="gray_r")
        inset.set_title(f"{labels[index]}, read {guesses[index]}", fontsize=7, pad=2)
        inset.axis("off")
    figure.savefig(path, dpi=120)


def main(argv=None):
    options = parse(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint_path = options.out / "checkpoint.pt"

    nr.manual_seed(options.seed)
    train, (test_images, test_labels) = load(options.seed, options.train_size)
    loader = DataLoader(TensorDataset(*train), batch_size=BATCH, shuffle=True, drop_last=True)
    model = build().to(options.device)
    optimizer = nr.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    steps = options.epochs * len(loader)
    scheduler = nr.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    epoch, losses = 0, []

    if options.resume:
        checkpoint = nr.load(checkpoint_path)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        nr.set_rng_state(checkpoint["rng"])
        epoch, losses = checkpoint["epoch"], checkpoint["losses"]

    last = min(options.epochs, options.stop_after or options.epochs)
    with tqdm(total=steps, initial=len(losses), unit="step") as bar:
        while epoch < last:
            losses += train_epoch(model, optimizer, scheduler, loader, options.device, bar)
            epoch += 1
            checkpoint = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "rng": nr.get_rng_state(),
                "epoch": epoch,
                "losses": losses,
            }
            nr.save(checkpoint, checkpoint_path)

    guesses = predict(model, test_images, options.device)
    accuracy = (guesses == test_labels).float().mean().item()
    arrays = (tensor.numpy() for tensor in (test_images, test_labels, guesses))
    draw(options.out / "digits.png", losses, *arrays)
    print(f"test accuracy {accuracy:.4f} after {epoch} epochs, picture in {options.out}")
    return {"accuracy": accuracy, "losses": losses, "epochs": epoch}


if __name__ == "__main__":
    main()
