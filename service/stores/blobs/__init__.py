"""What is big: finished pictures, by a name of ours. `port` is the promise, `files` keeps it in a directory."""
