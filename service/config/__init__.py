"""The configuration: one TOML file, strict, with defaults that need no file at all.

`schema` is what there is, `reading` gets it from a file and the environment, `checks` are what types cannot say, with
`servers` and `s3` for the URLs of stores; `file` is looked at again while its configuration is in force, and `changes`
says what differs then. Every complaint names the file, the path of the setting and what was
expected, and repeats no secret. A setting that is known and not served by this version is refused by name, never
accepted and ignored.
"""

from service.config.complaint import ConfigError
from service.config.reading import defaults, load, parse
from service.config.schema import Config
from service.config.units import address, is_loopback, joined, seconds

__all__ = ["Config", "ConfigError", "address", "defaults", "is_loopback", "joined", "load", "parse", "seconds"]
