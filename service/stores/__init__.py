"""What outlives a request: ports, and the twins that keep them. A port promises; it does not describe a mechanism."""
