"""`signoff.toml`: what is hosted where, who may do what, which calls ask, and which servers there are. Never secrets.

`${NAME}` in a text stands for that variable of the environment. A problem is one line with its place in the file.
"""

from bot.config.channels import are_named, id_of, ids, named
from bot.config.checking import check
from bot.config.reading import DEFAULT, parse, read
from bot.config.values import Config

__all__ = ["DEFAULT", "Config", "are_named", "check", "id_of", "ids", "named", "parse", "read"]
