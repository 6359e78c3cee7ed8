"""What every program of every party is made of: how it is set, runs, serves, speaks and ends."""
