"""From a case that shows something to the plainest file that does."""
