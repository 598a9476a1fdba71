"""What keeps a person safe with the companion."""
