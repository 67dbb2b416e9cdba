"""`ablate runs verify`: every file is checked against what was written."""

import json
from collections.abc import Sequence

from ablate.commands.runs.common import (
    add_json,
    count,
    make_parser,
    plural,
)
from ablate.store.catalog import contents
from ablate.store.verify import Finding, unchecked, verify, verify_labels, verify_looks, verify_registrations
from ablate.terminal import tell

_VERIFY = """\
Check every file of every trajectory against what was written, and say what is damaged or lost and what to do.
Files of older versions and those of TensorBoard have no check; they are counted. Exit status 1 where something is damaged.
Trainings of versions that did not check what surrounds them (settings of Keras and TensorFlow) are counted, too.
"""


def run(words: Sequence[str]) -> int:
    """Returns the exit status; errors are those of `ablate.commands.runs.run`."""
    parser = make_parser("verify", _VERIFY)
    add_json(parser, "lines")
    options = parser.parse_intermixed_args(words)
    trajectories, foreign = contents(options.store)
    findings = [finding for trajectory in trajectories for finding in verify(trajectory)]
    findings += [*verify_registrations(options.store), *verify_labels(options.store), *verify_looks(options.store)]
    damaged = [finding for finding in findings if finding.damage]
    before = unchecked(trajectories)
    counts = {
        "sound": sum(finding.damage is None and finding.checkable for finding in findings),
        "not_checkable": sum(finding.damage is None and not finding.checkable for finding in findings),
    }
    if options.json:
        listed = [{"file": str(one.path), "damage": one.damage, "remedy": one.remedy} for one in damaged]
        others = {"unchecked_trainings": before, "not_trajectories": foreign}
        print(json.dumps({"store": str(options.store), **counts, "damaged": listed, **others}))
        return 1 if damaged else 0
    for finding in damaged:
        tell(_line(finding))
    files = f"{len(damaged)} damaged, {counts['sound']} sound, {counts['not_checkable']} not checkable"
    tell(f"{count(len(trajectories))} in {options.store}: {files} files")
    if before:
        tell(
            f"{len(before)} of {count(len(trajectories))} {plural(len(before), 'was', 'were')} trained by an older version, in "
            "which settings outside the config (~/.keras/keras.json, TF_XLA_FLAGS …) could change the training unnoticed; "
            "to find out, retrain one with store=NEW and compare"
        )
    if foreign:
        tell(f"not a trajectory, left alone: {', '.join(foreign)}")
    return 1 if damaged else 0


def _line(finding: Finding) -> str:
    return f"{finding.path}: {finding.damage}; {finding.remedy}"
