"""Lists, rules and the learnt head."""
