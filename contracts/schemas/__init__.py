"""What travels on the wire, for those who do not read Python: generated, checked in, compared."""
