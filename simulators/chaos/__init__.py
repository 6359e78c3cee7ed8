"""Faults from a seed on the real stack: separate processes, a real broker, a durable database."""
