"""Reading a policy file: every key once, every fault with its line."""
