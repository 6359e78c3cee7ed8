"""A running world: databases, topics, tokens, and the parts as threads or as processes."""
