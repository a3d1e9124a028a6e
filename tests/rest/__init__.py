"""The bridge from outside: a whole gateway behind it, OpenAI's double behind that, and the official SDK in front."""
