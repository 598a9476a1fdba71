"""What researchers may have of people's talk, and how nobody is recognised in it."""
