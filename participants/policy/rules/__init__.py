"""The rules of the engine: each moves fen of one bill on and leaves a step."""
