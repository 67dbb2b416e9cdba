"""What a sweep found: frames first (`load`), then tables and plots that are drawn from them."""

from ablate.results.frames import Results, load

__all__ = ["Results", "load"]
