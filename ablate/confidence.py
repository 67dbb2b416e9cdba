"""The levels of all tests and intervals."""

POWER = 0.8  # the chance to detect
LEVEL = 0.05  # the chance that any of the judged differences is found where there is none
CONFIDENCE = 0.95  # of an interval that stands alone
