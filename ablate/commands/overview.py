"""What `ablate --help` prints, on one screen of 80 columns and 24 lines; `ablate keys` has every key."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from ablate.config import own_configs
from ablate.system import commands

WIDTH, LINES = 80, 24
HALF = 40  # characters from which a line has a second group
GROUP = 14  # characters of a group's name with the room behind it
MARK = "*"  # before a default
SHOWN = ("ls", "more", "plan", "report", "status")  # commands with a line of their own
HIDDEN = ("sweeper", "trainer")  # groups that searches and trainers of others use

_HEAD = """\
ablate: which part of a training recipe helps, by how much, at what cost?
  ablate KEY=VALUE …      one run          ablate -m KEY=A,B …    a sweep
  ablate plan KEY=A,B …   what it would run, how long, what seeds can detect
  ablate ls               lists sweeps     ablate status SWEEP    how far one is
  ablate report SWEEP     its verdicts     ablate more SWEEP      adds seeds
  also: {others} (--help)

A factor is a group or key with several values, the baseline's first. Groups
and their levels (* is the default):
"""
_FOOT = """\
Keys: lr batch_size seed steps eval_every design … (ablate keys lists them all)
  ablate -m data=digits augment=on,off ema=on,off seed=0,1,2,3,4
  ablate -m lr=0.1,0.2 seed=0,1,2 -- python train.py {lr} {seed}   your own code"""


def text(own: Sequence[Path] = ()) -> str:
    """The help. own: folders with configs of the user's own, whose levels it has, too."""
    blocks = [_levels(group, own_configs.levels(group, own)) for group in _groups()]
    short = [block[0] for block in blocks if len(block) == 1 and len(block[0]) < HALF]
    long = [line for block in blocks if len(block) > 1 or len(block[0]) >= HALF for line in block]
    pairs = [f"{first.ljust(HALF)}{second}".rstrip() for first, second in zip(short[::2], [*short[1::2], ""], strict=False)]
    others = " ".join(name for name in commands.names() if name not in SHOWN)
    return "\n".join([_HEAD.rstrip("\n").format(others=others), *pairs, *long, _FOOT])


def _groups() -> list[str]:
    return [group for group in sorted(own_configs.groups()) if group not in HIDDEN]


def defaults() -> dict[str, str]:
    """The level that each group has where the command line names none."""
    listed = yaml.safe_load((own_configs.conf_dir() / own_configs.MAIN).read_text())["defaults"]
    return {group: str(level) for item in listed if isinstance(item, dict) for group, level in item.items()}


def _levels(group: str, levels: Sequence[str]) -> list[str]:
    """A group with its levels, the default first."""
    usual = defaults().get(group, "")
    named = [*(f"{MARK}{level}" for level in levels if level == usual), *(level for level in levels if level != usual)]
    lines = [f"  {group}".ljust(GROUP)]
    for level in named:
        if len(lines[-1]) + 1 + len(level) > WIDTH:
            lines.append(" " * GROUP)
        lines[-1] += f" {level}"
    return lines
