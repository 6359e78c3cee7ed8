"""What answers are made of: money, persons, lines, rows and the weather."""
