"""The last screen of a sweep: what was found, where its page is, and what to do next."""

from ablate.report.screen.closing import Closing, Step, show_closing, show_head
from ablate.report.screen.screen import show

__all__ = ["Closing", "Step", "show", "show_closing", "show_head"]
