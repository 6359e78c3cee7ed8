"""Insured area 参保地: its people, what they used this year, and what it pays."""
