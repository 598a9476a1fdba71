"""What people agree to, one purpose at a time: the texts they read, and what a yes or a no does."""
