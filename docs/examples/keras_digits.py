"""A network of Keras, trained by its own `fit`, on scikit-learn's digits. Does dropout help? Nothing here knows of ablate.

ablate -m design=one_factor dropout=0,0.5 seed=0,1,2 metric=val_accuracy trainer.read=history.csv trainer.step=epoch \
    -- python keras_digits.py --dropout {dropout} --seed {seed} --out {dir}
"""

import argparse
import pathlib

import keras
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path())
given = parser.parse_args()

keras.utils.set_random_seed(given.seed)
images, digits = load_digits(return_X_y=True)
model = keras.Sequential(
    [
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(given.dropout),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = keras.callbacks.CSVLogger(given.out / "history.csv")
model.fit(images / 16, digits, epochs=5, batch_size=32, validation_split=0.3, callbacks=[history], verbose=0)
