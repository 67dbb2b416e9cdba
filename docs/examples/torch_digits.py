"""A network of PyTorch, on scikit-learn's digits. Does dropout help, or a wider layer?

ablate -m design=one_factor dropout=0,0.3 width=32,128 seed=0,1,2,3,4 report.margin=0.5 \
    -- python torch_digits.py --dropout {dropout} --width {width} --seed {seed}
"""

import argparse

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ablate import log

parser = argparse.ArgumentParser()
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--seed", type=int, default=0)
given = parser.parse_args()

torch.manual_seed(given.seed)
images, digits = load_digits(return_X_y=True)
split = train_test_split(images / 16, digits, test_size=0.4, random_state=0, stratify=digits)
train, test = (torch.tensor(part, dtype=torch.float32) for part in split[:2])
train_digits, test_digits = (torch.tensor(part) for part in split[2:])
model = torch.nn.Sequential(
    torch.nn.Linear(64, given.width), torch.nn.ReLU(), torch.nn.Dropout(given.dropout), torch.nn.Linear(given.width, 10)
)
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1, 11):
    model.train()
    for batch in torch.randperm(len(train)).split(32):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(train[batch]), train_digits[batch])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        right = (model(test).argmax(1) == test_digits).float().mean()
    log(epoch, accuracy=right, loss=loss)
