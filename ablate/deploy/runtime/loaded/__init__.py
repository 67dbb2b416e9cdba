"""Model files of others, a module a kind: read and checked before anything of them is run.

Each has `load(model, preparation, image, batch)`, which returns a `Loaded`; those that compute without
TensorFlow take `threads`, too, with 0 for what their libraries choose.
"""
