"""What a value refers to beyond itself: keys of the config, variables of the environment, files and folders."""

import os
import re

from ablate.config.own_configs import KEYS
from ablate.errors import AblateError, did_you_mean

FOLDERS = ("store", "hydra.sweep.dir", "hydra.run.dir", "data.cache")
FILES = ("data.path", "data.archive", "data.url", "hydra.sweeper.storage")
EXPANDED = ("data.path", "data.archive", "data.cache")  # paths whose leading '~' we replace ourselves
REFERENCE = re.compile(r"(?<!\\)\$\{([A-Za-z_]\w*)[\w.\[\]]*\}")  # to a key, by its first part
VARIABLE = re.compile(r"(?<!\\)\$\{oc\.env:\s*([A-Za-z_]\w*)\s*\}")  # of the environment, without a default
OF_SHELL = re.compile(r"\$([A-Za-z_]\w*)(/|$)")  # as a path begins that no shell has expanded


def check_references(key: str, value: str) -> None:
    """Refuse an interpolation that names no key of any config, or a variable of the environment that is not set."""
    for first in REFERENCE.findall(value):
        if first not in (*KEYS, "hydra"):
            env = (
                f" To read the environment variable, write ${{oc.env:{first}}}."
                if first in os.environ or first.isupper()
                else ""
            )
            raise AblateError(f"{key}={value}: the config has no key '{first}'.{env or did_you_mean(first, KEYS)}")
    for variable in VARIABLE.findall(value):
        if variable not in os.environ:
            default = f"${{oc.env:{variable},DEFAULT}}"
            raise AblateError(f"{key}={value}: the environment variable {variable} is not set. Set it, or write {default}.")


def check_path(key: str, value: str) -> None:
    """Refuse a path with what only a shell replaces, which would be the name of a folder here."""
    if value.startswith("~") and key not in EXPANDED:
        raise AblateError(
            f"{key}={value} would be a folder called '{value.partition('/')[0]}'. Write out the path of the home folder."
        )
    if found := OF_SHELL.match(value):
        raise AblateError(
            f"{key}={value} would be a folder called '${found[1]}': the shell expands variables in double quotes, not in "
            f"single quotes. Use double quotes, or write ${{oc.env:{found[1]}}}."
        )
