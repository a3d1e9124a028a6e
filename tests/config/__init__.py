"""The configuration: what is refused, and what is taken."""
