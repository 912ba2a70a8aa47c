"""What did it learn? Explanations of a network's scores."""
