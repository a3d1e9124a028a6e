"""The tests of the house; its rooms mirror the packages they test."""
