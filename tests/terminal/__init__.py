"""The command `imagegen`, run as a program of its own."""
