"""The command `imagegen`: starts the two programs, and is a gRPC client with progress bars.

The only package that knows both the service and the bridge. `running` starts and stops them, `drawing` shows a picture
being made, `books` reads the books (`following` waits for more, `telling` prints them), `printing` shows everything
else; `speaking` is what every command needs, `__main__` the list of commands.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what its core has to say, we say in words; it reads this at import
