"""The house mirrored: what the rooms promise, and what callers see, told in sentences."""
