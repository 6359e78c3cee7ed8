"""Treatment area 就医地: its hospitals, its catalogue, the visits and their settlements."""
