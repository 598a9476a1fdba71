"""People who never were, for trying the desk out and for measuring it: `companion seed`. All lines are authored."""
