"""The commands that give a sweep again, from its sweep.json."""

from collections.abc import Mapping
from typing import Any

from ablate import escaping
from ablate.designs import RESOLUTION
from ablate.plan import TUNING_DESIGN

USUAL_MARGIN, USUAL_STORE = 0.5, "runs"  # the defaults in conf/config.yaml
PROGRAM = "python -m ablate"


def commands(sweep: Mapping[str, Any], folder: str) -> list[str]:
    """The command that trains all of a sweep, and the one that reports it.

    The first gives the same arms, seeds, fingerprints and readouts, and so the same folder.

    Args:
        sweep: the content of sweep.json; of a joined one the command would be another, so there is none.
        folder: of the sweep, as it is to be named to the reader.
    """
    if "joined" in sweep or sweep["design"] == TUNING_DESIGN or not sweep["runs"]:
        return []
    factors: Mapping[str, list[str]] = sweep["factors"]
    given = sweep["runs"][0]["overrides"]
    keys = [word.lstrip("+~").partition("=")[0] for word in given]
    fixed = [word for word, key in zip(given, keys, strict=True) if key not in factors and key != "seed"]
    words = [f"study={sweep['study']}"] if sweep.get("study") else []
    if sweep.get("study") or sweep["design"] != "factorial":
        words.append(f"design={sweep['design']}")
    resolution = sweep.get("fraction", {}).get("resolution")
    if resolution not in (None, RESOLUTION):
        words.append(f"resolution={resolution}")
    if retune := sweep.get("retune"):
        rates = ",".join(str(rate).removesuffix(".0") for rate in retune["rates"])
        words += ["retune=true", f"retune_rates=[{rates}]", f"retune_seeds={len(retune['seeds'])}"]
    words += [f"{factor}={','.join(levels)}" for factor, levels in factors.items()]
    words.append(f"seed={','.join(map(str, sweep['seeds']))}")
    words += fixed
    if sweep["fixed"]["margin"] != USUAL_MARGIN:
        words.append(f"report.margin={sweep['fixed']['margin']:g}")
    if sweep["store"] != USUAL_STORE:
        words.append(f"store={sweep['store']}")
    own = ["-cd", sweep["config_dir"]] if "config_dir" in sweep else []
    return [f"{PROGRAM} -m {escaping.command([*own, *words])}", f"{PROGRAM} report {escaping.command([folder])}"]
