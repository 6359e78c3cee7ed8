"""A country in a box: local servers, synthetic people, traffic, demonstrations, benchmarks."""
