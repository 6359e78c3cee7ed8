"""The cases of an insured area."""
