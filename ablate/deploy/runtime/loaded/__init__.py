"""Model files of others, a module a kind: read and checked before anything of them is run.

Each has `load(model, preparation, image)`, which returns a `Loaded`.
"""
