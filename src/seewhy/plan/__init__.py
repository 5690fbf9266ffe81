"""What is found out about a model before any image is explained."""
