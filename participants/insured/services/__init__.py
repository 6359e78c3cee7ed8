"""What an insured area does: one function, one use case; never commits."""
