"""What is going on, read from files."""
