"""What the gateway offers: one module a family, and one table of them all."""
