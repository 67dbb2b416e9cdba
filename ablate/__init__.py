"""Which ingredient of a training recipe earns its place, by how much, how sure are we, and what does it cost."""

__version__ = "0.2.0"
