"""The parties around the hub: insured areas, treatment areas, and the hospitals' door."""
