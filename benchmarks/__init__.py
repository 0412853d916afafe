"""Speed and accuracy: each module a command with its corpus and its baseline."""
