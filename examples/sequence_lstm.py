"""An LSTM that reads handwritten digits row by row, as sequences of eight steps.

    python examples/sequence_lstm.py

The class is read off the hidden state after the last row.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import neurarust as nr
import neurarust.nn.functional as F
from neurarust import nn
from neurarust.data import DataLoader, TensorDataset


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--device", default="cuda" if nr.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


class RowReader(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(8, hidden, num_layers=2, batch_first=True)
        self.head = nn.Linear(hidden, 10)

    def forward(self, rows):  # (batch, 8 rows, 8 pixels)
        states, _ = self.lstm(rows)
        return self.head(states[:, -1])


def main(argv=None):
    options = parse(argv)
    nr.manual_seed(options.seed)
    digits = load_digits()
    train_rows, test_rows, train_labels, test_labels = train_test_split(
        (digits.images / 16).astype(np.float32),
        digits.target,
        test_size=0.2,
        stratify=digits.target,
        random_state=options.seed,
    )
    train = TensorDataset(nr.tensor(train_rows), nr.tensor(train_labels))
    loader = DataLoader(train, batch_size=64, shuffle=True, drop_last=True)

    model = RowReader(options.hidden).to(options.device)
    optimizer = nr.optim.Adam(model.parameters(), lr=5e-3)
    bar = tqdm(range(options.epochs), unit="epoch")
    for _ in bar:
        total = 0.0
        for rows, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(rows.to(options.device)), labels.to(options.device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
        bar.set_postfix(loss=f"{total / len(loader):.3f}")

    model.eval()
    with nr.no_grad():
        guesses = model(nr.tensor(test_rows).to(options.device)).argmax(dim=1).cpu()
    accuracy = (guesses == nr.tensor(test_labels)).float().mean().item()
    print(f"test accuracy {accuracy:.4f}")
    return {"accuracy": accuracy, "loss": total / len(loader)}


if __name__ == "__main__":
    main()
