"""One session: audio in, turn, reply out."""
