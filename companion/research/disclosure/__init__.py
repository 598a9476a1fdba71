"""What keeps a person from being recognised in an export: pseudonyms, bands, k-anonymity, a search for leaks, flags for
indirect identifiers, differential privacy. Pure; only the ledger of `budget` has a table."""
