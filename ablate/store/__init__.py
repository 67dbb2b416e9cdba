"""The store: fingerprints, and the folders of trajectories.

    runs/<fingerprint>/config.yaml         the training content that was hashed
                       metrics.jsonl       one row an evaluation
                       predictions/        <step>.npz: predicted class of each evaluation image, `raw` and `averaged`
                       status.json         state (running | done | diverged | failed), step, error, rows (how many there are)
                       env.json            segments: where and with what it was trained
                       final_steps.json    the steps that runs asked for
                       live.json           what a training that runs now says about itself every second
                       checkpoints/        <step>.npz: the whole state of the training
                       tensorboard/        the rows again, for TensorBoard
    runs/.sweeps/      which sweeps need which trajectories
    runs/.labels/      the true classes of evaluation images, once a data set
    runs/looks.jsonl   which comparisons were looked at, with which seeds and at what level

Files are written whole or not at all; metrics.jsonl grows by whole lines. The order of writing at an evaluation is
predictions, row, checkpoint, so that whatever moment a training is killed at, the newest checkpoint has all that came before.
What is written can be checked: see `ablate.store.checksums`.
"""

from ablate.store.checkpoints import KEPT_CHECKPOINTS
from ablate.store.checksums import DAMAGE, pack_arrays, unpack_arrays
from ablate.store.evaluations import RECENT, SPEED, mean_speed
from ablate.store.files import (
    canonical_json,
    content_of,
    fingerprint,
    is_forbidden,
    load_json,
    read_json,
    write_atomically,
    write_json,
    writing,
)
from ablate.store.labels import Evaluated, keep_evaluated, read_evaluated
from ablate.store.liveness import alive, sign_of_life
from ablate.store.references import SWEEP, KnownSweep, gone_sweeps, known_sweeps, register_sweep
from ablate.store.trajectory import Trajectory
from ablate.system.safe_files import Unreadable

__all__ = [
    "DAMAGE",
    "KEPT_CHECKPOINTS",
    "RECENT",
    "SPEED",
    "SWEEP",
    "Evaluated",
    "KnownSweep",
    "Trajectory",
    "Unreadable",
    "alive",
    "canonical_json",
    "content_of",
    "fingerprint",
    "gone_sweeps",
    "is_forbidden",
    "keep_evaluated",
    "known_sweeps",
    "load_json",
    "mean_speed",
    "pack_arrays",
    "read_evaluated",
    "read_json",
    "register_sweep",
    "sign_of_life",
    "unpack_arrays",
    "write_atomically",
    "write_json",
    "writing",
]
