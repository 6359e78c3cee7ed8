"""Papers of clearing: pure rendering, values in and bytes out, the same bytes every time."""
