"""One function, one use case of the hub; the edge that opened the transaction ends it."""
