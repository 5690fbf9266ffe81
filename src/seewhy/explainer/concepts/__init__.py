"""The parts that a layer sees, and the classes that they speak for."""
