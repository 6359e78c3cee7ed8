"""The only SQL of a treatment area."""
