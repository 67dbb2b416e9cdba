"""Lines to whoever watches, on stderr."""

from ablate import terminal

console = terminal.Terminal(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """One line to whoever watches."""
    terminal.say(console, message, whole=True)
