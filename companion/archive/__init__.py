"""Everything that is kept of a person as one file that they can read and take with them."""
