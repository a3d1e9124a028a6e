"""Faithful doubles of image providers: real HTTP on 127.0.0.1, strict about requests, each with a bill of its own."""
