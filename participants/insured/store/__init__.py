"""What an insured area remembers: the only SQL of its building."""
