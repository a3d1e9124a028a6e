"""A provider with orders, of a package of its own: it accepts, gives the order a name, and delivers when it is done.

The double keeps its bill; `adapter` is the provider as the gateway finds it, by entry point.
"""

from __future__ import annotations

from tests.upstreams.orders.double import PRICE, OrdersDouble, papers

__all__ = ["PRICE", "OrdersDouble", "papers"]
