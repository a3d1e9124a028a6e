"""Clients that no one here wrote, driven through real sockets against a whole gateway."""
