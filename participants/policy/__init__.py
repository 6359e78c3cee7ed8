"""The benefit engine: pure rules over policy files."""
