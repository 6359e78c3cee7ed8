"""The hub over HTTP: edges that open and end transactions; rules live further in."""
