"""What do we know about this person?"""
