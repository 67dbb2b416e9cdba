"""A linear classifier of scikit-learn, on its digits. Does it help to average the weights, or to scale the images?

ablate -m design=one_factor average=false,true scale=true,false seed=0,1,2,3,4 report.margin=0.5 \
    -- python sklearn_digits.py --average {average} --scale {scale} --seed {seed}
"""

import argparse

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from ablate import log

parser = argparse.ArgumentParser()
parser.add_argument("--average", default="false")
parser.add_argument("--scale", default="true")
parser.add_argument("--seed", type=int, default=0)
given = parser.parse_args()

images, digits = load_digits(return_X_y=True)
train, test, train_digits, test_digits = train_test_split(images, digits, test_size=0.4, random_state=0, stratify=digits)
if given.scale == "true":
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
model = SGDClassifier(average=given.average == "true", random_state=given.seed, learning_rate="constant", eta0=0.01)
for epoch in range(1, 11):
    model.partial_fit(train, train_digits, classes=range(10))
    log(epoch, accuracy=model.score(test, test_digits))
