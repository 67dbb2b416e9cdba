"""Which of three choices helps a small classifier of handwritten digits? Run it: python function.py"""

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import ablate

IMAGES, CLASSES = load_digits(return_X_y=True)


def train(config, seed, log):
    images, held_out, classes, truth = train_test_split(IMAGES, CLASSES, test_size=0.3, random_state=0)
    if config["scale"]:
        scaler = StandardScaler().fit(images)
        images, held_out = scaler.transform(images), scaler.transform(held_out)
    model = SGDClassifier(average=config["average"], penalty=config["penalty"], random_state=seed)
    for epoch in range(1, 11):
        model.partial_fit(images, classes, classes=range(10))
        log(epoch, accuracy=model.score(held_out, truth))


if __name__ == "__main__":
    factors = {"scale": [False, True], "average": [False, True], "penalty": ["l2", None]}
    found = ablate.sweep(train, factors, design="one_factor", seeds=range(10), last=5)
    print(found.verdicts)
