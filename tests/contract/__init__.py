"""The contract: the protos against the code that speaks them, and the pages that are made of them."""
