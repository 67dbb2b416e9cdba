"""What a pack of a sweep is: the files that it may hold, and pack.json, which lists them.

    NAME/pack.json               the files with their sizes and SHA-256, and a checksum over all of it
         sweep.json              and the other files of the sweep's folder that a report reads; sweeps within it
         runs/<fingerprint>/     of a training config.yaml, rows, status, env.json, and the predictions that runs are read off
         runs/.labels/           the true classes of the evaluation images
         runs/looks.jsonl        the looks at what the sweep compares

Checkpoints, logs, reports and the predictions of other evaluations stay behind. An archive holds that one folder.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from ablate.errors import AblateError
from ablate.store.checksums import DAMAGE, seal, unseal
from ablate.store.files import parse_json
from ablate.store.looks import LOOKS

PACK = "pack.json"
STORE = "runs"  # in a pack
RECORD = "pack"  # the pack in the folder of a record, as in experiments/
LEFT = "packed.json"  # in a packed training: the steps whose predictions came along
VERSION = 1

MOST_FILES = 50_000
MOST_BYTES = 2**28  # of all files of a pack; one of 1,000 runs with 100 evaluations each has a fifth of that
LONGEST_PLAIN = 200  # letters of the name of a packed sweep

_SWEEPS = r"((retune|confirmation(-\d+)?)/)*"
OF_A_SWEEP = re.compile(_SWEEPS + r"(sweep\.json|retune\.json|trials\.json|result\.json|\d+/result\.json)")
OF_A_TRAINING = re.compile(
    rf"{STORE}/([0-9a-f]{{16}})/(config\.yaml|metrics\.jsonl|status\.json|env\.json|final_steps\.json|packed\.json|predictions/\d+\.npz)"
)
OF_LOOKS = f"{STORE}/{LOOKS}"
LABELS = re.compile(rf"{STORE}/\.labels/[0-9a-f]{{16,64}}\.npz")


def made(name: str, files: Mapping[str, bytes]) -> bytes:
    """The pack.json of files, by name. name: of the sweep's folder."""
    listed = {each: [len(content), sha256(content)] for each, content in sorted(files.items())}
    return as_json(seal({"version": VERSION, "name": name, "files": listed}))


def sha256(content: bytes) -> str:
    """As pack.json has it."""
    return hashlib.sha256(content).hexdigest()


def as_json(content: Any) -> bytes:
    """JSON as a pack has it."""
    return (json.dumps(content, indent=1) + "\n").encode()


def read(content: bytes | None, where: str) -> dict[str, Any]:
    """What pack.json holds.

    Raises:
        AblateError: it is missing, damaged or of another version; one line that names it.
    """
    if content is None:
        raise AblateError(f"{where} is missing, so this is no packed sweep.")
    try:
        found, _ = unseal(parse_json(content), wanted=True)
        files = found["files"]
        for name, (size, digest) in files.items():
            if not allowed(name) or type(size) is not int or size < 0 or not re.fullmatch(r"[0-9a-f]{64}", digest):
                raise ValueError(name)
        check_size(len(files), sum(size for size, _ in files.values()), where)
        if (
            not isinstance(found["name"], str)
            or not re.fullmatch(rf"[\w.+-]{{1,{LONGEST_PLAIN}}}", found["name"], re.ASCII)
            or found["name"][0] == "."
        ):
            raise ValueError("name")
    except (*DAMAGE, TypeError, AttributeError, RecursionError) as error:
        raise AblateError(f"{where} is damaged. Pack the sweep again.") from error
    if found.get("version") != VERSION:
        raise AblateError(f"{where} is of version {found.get('version')!r}; this program reads version {VERSION}.")
    return found


def allowed(name: str) -> bool:
    """Whether a pack may hold a file of this name: nothing else is ever read or written."""
    return name == OF_LOOKS or any(pattern.fullmatch(name) for pattern in (OF_A_SWEEP, OF_A_TRAINING, LABELS))


def check_size(count: int, size_bytes: int, where: str) -> None:
    """Refuse what no packed sweep has. where: what holds it.

    Raises:
        AblateError: there are too many files, or too large ones.
    """
    if count > MOST_FILES or size_bytes > MOST_BYTES:
        raise AblateError(
            f"{where} holds more than {MOST_FILES:,} files or {MOST_BYTES / 2**20:g} MB, which no packed sweep has."
        )
