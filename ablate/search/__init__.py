"""The Optuna search: which settings are good, found by trials on held-out training images."""
