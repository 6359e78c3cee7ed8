"""The hospitals' door: the national interface, translated into our words."""
