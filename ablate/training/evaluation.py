"""One pass over a set of images in a graph: the arithmetic of every evaluation, while a network is trained and later."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from ablate.training.augment import CropSource

EVALUATION_BATCH = 500  # images; fixed, since the last bits of a sum depend on it


def evaluated(
    model: keras.Model, weights: Sequence[tf.Tensor], inputs: CropSource, truth: tf.Tensor, batch_size: int = EVALUATION_BATCH
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """What a model makes of the central crops of images: (logits, classes, losses), of the shapes (n, classes), (n,) and (n,).

    Args:
        weights: of the model, in the order of its variables. inputs: the images. truth: their true classes, int32 (n,).
        batch_size: of what is computed at once, in images.
    """
    images = truth.shape[0]
    logits = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False)
    classes = tf.TensorArray(tf.int32, 0, dynamic_size=True, infer_shape=False)
    losses = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False)
    for batch in tf.range(-(-images // batch_size)):
        indices = tf.range(batch * batch_size, tf.minimum((batch + 1) * batch_size, images))
        outputs, _ = model.stateless_call(weights, [], inputs.center(indices), training=False)
        labels = tf.gather(truth, indices)
        logits = logits.write(batch, outputs)
        classes = classes.write(batch, tf.argmax(outputs, axis=1, output_type=tf.int32))
        losses = losses.write(batch, tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs))
    return logits.concat(), classes.concat(), losses.concat()
