"""One function, one use case, always for a batch; nobody here commits."""
