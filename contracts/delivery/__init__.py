"""How they deliver: at least once on the wire, exactly once in the database."""
