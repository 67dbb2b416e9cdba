"""Lines on stderr, for the user at the terminal."""

from ablate import terminal

console = terminal.Terminal(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Print one line."""
    terminal.say(console, message, whole=True)
