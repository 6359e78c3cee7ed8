"""The cases of a treatment area."""
