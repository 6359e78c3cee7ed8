"""The hospitals' door as HTTP: paths, bodies, the gate, health, and the page about it."""
