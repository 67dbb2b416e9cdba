"""The Trainer of Hugging Face, on scikit-learn's digits. Does weight decay help? Its trainer_state.json tells.

ablate -m design=one_factor decay=0,0.1 seed=0,1,2 metric=eval_accuracy trainer.read=trainer_state.json report.margin=0.5 \
    -- python hf_digits.py --decay {decay} --seed {seed} --out {dir}
"""

import argparse

import torch
from sklearn.datasets import load_digits
from transformers import Trainer, TrainingArguments

parser = argparse.ArgumentParser()
parser.add_argument("--decay", type=float, default=0.0)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", default="out")
given = parser.parse_args()


class Network(torch.nn.Module):
    """A perceptron that gives its loss beside its scores, as the Trainer wants it."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))

    def forward(self, images, labels):
        """The loss and the scores of a batch."""
        scores = self.layers(images)
        return {"loss": torch.nn.functional.cross_entropy(scores, labels), "logits": scores}


torch.manual_seed(given.seed)
pixels, digits = load_digits(return_X_y=True)
rows = [
    {"images": torch.tensor(row / 16, dtype=torch.float32), "labels": int(digit)}
    for row, digit in zip(pixels, digits, strict=True)
]
trainer = Trainer(
    Network(),
    TrainingArguments(
        given.out,
        num_train_epochs=5,
        learning_rate=3e-3,
        weight_decay=given.decay,
        seed=given.seed,
        use_cpu=True,
        per_device_train_batch_size=32,
        eval_strategy="epoch",
        save_strategy="no",
        report_to="none",
    ),
    train_dataset=rows[:1200],
    eval_dataset=rows[1200:],
    compute_metrics=lambda found: {"accuracy": (found.predictions.argmax(1) == found.label_ids).mean()},
)
trainer.train()
trainer.save_state()
