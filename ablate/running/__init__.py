"""Trainings are done: many at once, each once, stopped and resumed."""
