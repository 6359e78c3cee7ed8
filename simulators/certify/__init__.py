"""Certifies somebody else's area: plays the hub to it, and writes down what it answered."""
