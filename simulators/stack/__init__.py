"""Where PostgreSQL and Kafka come from: given, Docker, or started here."""
