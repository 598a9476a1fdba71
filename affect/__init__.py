"""What does this voice, and what do these words, feel like?"""
