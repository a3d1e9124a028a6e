"""The engine's rooms one by one: check, adapt, plan, price, deliver."""
