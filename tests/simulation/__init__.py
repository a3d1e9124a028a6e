"""Time that costs nothing and chance that can be repeated: concurrent code, run in many orders, one for each seed."""
