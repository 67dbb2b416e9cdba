"""The one exception that users are meant to see."""

from collections.abc import Iterable


class AblateError(Exception):
    """Bad input or a refusal, told in one line: what was expected, what was received, what to do.

    The program prints the message without a traceback and ends with status 1.
    """


def one_of(name: str, received: object, choices: Iterable[object]) -> str:
    """The message for a value that is none of the valid ones."""
    listed = ", ".join(str(choice) for choice in choices)
    return f"Expected one of: {listed}. Received: {name}={received!r}."
