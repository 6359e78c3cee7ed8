"""Cases as JSON, their answers, and what the command `yidi policy` shows of them."""
