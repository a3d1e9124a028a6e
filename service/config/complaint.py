"""What is said about a configuration that cannot be used."""


class ConfigError(Exception):
    """A configuration that cannot be used: where, and what is expected there."""

    def __init__(self, source: str, path: str, message: str) -> None:
        text = f"{source}: {path}: {message}" if path else f"{source}: {message}"
        super().__init__("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))
