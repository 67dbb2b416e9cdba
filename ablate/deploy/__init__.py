"""Trained networks after their training: which one a user means, and what is computed with it.

Modules of `runtime` import TensorFlow; all others are read before that, and check what the user gave.
"""
