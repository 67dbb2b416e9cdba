"""Launching: trainings are ensured somewhere, many at once, and watched while they go."""
