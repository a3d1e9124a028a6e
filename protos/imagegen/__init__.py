"""The imagegen contract: `imagegen.v1` holds messages and stubs, the modules beside it what every caller needs alike.

`channel` connects, `client` speaks and puts chunked pictures together again, `errors` turns a status into a reason,
`tracing` (with the extra of that name) carries one trace over both layers, `report` and `identity` say what a request
was called and came to, alike on both faces.
"""

from imagegen.channel import connect
from imagegen.client import Client, Picture
from imagegen.errors import ImagegenError

__all__ = ["Client", "ImagegenError", "Picture", "connect"]
