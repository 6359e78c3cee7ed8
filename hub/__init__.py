"""The hub: it registers, routes, remembers, reconciles and clears. It computes no benefit."""
