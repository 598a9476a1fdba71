"""What is kept: people, sessions, turns; words sealed with a key per person."""
