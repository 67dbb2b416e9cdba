"""What lies around the program: files of strangers, streams, the environment, and the code that runs."""
