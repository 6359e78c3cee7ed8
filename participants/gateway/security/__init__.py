"""Who is asking, and that nobody changed what they said: schemes, signatures, ciphers, keys."""
