"""Words -> feelings: a scan for expressions, features of a text, and a small head trained on our own corpus."""
