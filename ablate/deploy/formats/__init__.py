"""Export formats by name: each a module here with a `FORMAT`, or an entry point of another package in `ablate.formats`."""

from ablate.deploy.format import Format
from ablate.system.plugins import Plugins

FORMATS = Plugins(
    group="ablate.formats",
    package=__name__,
    attribute="FORMAT",
    title="--format {}",
    key="--format",
    must="a Format named '{}'",
    fits=lambda name, one: isinstance(one, Format) and one.name == name,
)
