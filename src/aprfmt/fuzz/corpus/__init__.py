"""Files to begin with and words, for fuzzers that learn from coverage."""
