"""The synthetic country: its people, institutions and bills, read from data files."""
