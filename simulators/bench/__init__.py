"""The benchmark: real Kafka, durable PostgreSQL, every process on this machine, and a gate."""
