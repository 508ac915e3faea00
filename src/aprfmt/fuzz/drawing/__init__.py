"""What is drawn: a case is a function of a root seed and its index, and a recipe of the format."""
