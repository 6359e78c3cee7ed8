"""The whole country in virtual time: real code, real SQL, and faults that a seed draws."""
