"""A perceptron in plain Python, on points of two overlapping clouds. Does averaging its weights help?

ablate -m design=one_factor average=off,on epochs=10,20 'seed=range(0,10)' report.margin=0.5 \
    -- python plain.py --average {average} --epochs {epochs} --seed {seed}
"""

import argparse
import random

from ablate import log

parser = argparse.ArgumentParser()
parser.add_argument("--average", choices=("on", "off"), default="off")
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--seed", type=int, default=0)
given = parser.parse_args()

chance = random.Random(given.seed)


def points(count: int) -> list[tuple[tuple[float, ...], int]]:
    signs = [chance.choice((-1, 1)) for _ in range(count)]
    return [((*(chance.gauss(0.5 * sign, 1.0) for _ in range(8)), 1.0), sign) for sign in signs]


def score(weights: list[float], inputs: tuple[float, ...]) -> float:
    return sum(weight * value for weight, value in zip(weights, inputs, strict=True))


train, test = points(300), points(1000)
weights, total = [0.0] * 9, [0.0] * 9
for epoch in range(1, given.epochs + 1):
    for inputs, sign in train:
        if sign * score(weights, inputs) <= 0:
            weights = [weight + sign * value for weight, value in zip(weights, inputs, strict=True)]
        total = [before + weight for before, weight in zip(total, weights, strict=True)]
    used = total if given.average == "on" else weights
    log(epoch, accuracy=sum(sign * score(used, inputs) > 0 for inputs, sign in test) / len(test))
