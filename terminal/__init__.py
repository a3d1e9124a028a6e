"""The command `imagegen`: starts the two programs, and is a gRPC client with progress bars.

The only package that knows both the service and the bridge. `running` starts and stops them, `drawing` shows a picture
being made, `printing` shows everything else; `__main__` is the list of commands.
"""
