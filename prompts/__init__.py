"""Affect, recall and history meet here and become messages."""
