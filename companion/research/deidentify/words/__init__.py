"""Lists of words, authored, as companion.research.deidentify.lexicon reads them."""
