"""The places where things are kept."""
