"""What is wrong with an answer: the laws, what this package itself makes of a case, and the words for it."""
