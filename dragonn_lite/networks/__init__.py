"""What learns? Architectures and their training."""
