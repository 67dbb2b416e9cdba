"""The config: composed by Hydra, checked, and resolved into a recipe."""
