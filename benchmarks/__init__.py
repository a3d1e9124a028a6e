"""Measurements, as programs. What they print is committed beside them, with the commit and the machine."""
