"""An ablation in which each arm also has its own best learning rate: chosen on held-out images, then measured on new seeds.

An ablation at one learning rate confounds a factor with its best learning rate. So `retune=true` tries the same rates, seeds
and steps for every arm, the baseline included, reads them on validation images, and measures each arm at the shared rate and at
its own best one, with seeds that had no part in the choice, on the test set.
"""

from ablate.running.retune.choice import FILE, Choice, Tried, Tuned
from ablate.running.retune.plans import Retuning
from ablate.running.retune.run import describe, run
from ablate.running.retune.settings import Settings

__all__ = ["FILE", "Choice", "Retuning", "Settings", "Tried", "Tuned", "describe", "run"]
