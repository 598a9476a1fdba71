"""Research exports: asked for, approved by somebody else, made from consented talk of people who stay unknown."""
