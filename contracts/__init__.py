"""What the parties agreed: values, messages, topics, and how messages are delivered."""
