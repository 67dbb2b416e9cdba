"""What computes with trained networks. Importing anything from here imports TensorFlow, as `ablate.training` does."""

import ablate.training  # noqa: F401  TensorFlow without its start-up chatter
