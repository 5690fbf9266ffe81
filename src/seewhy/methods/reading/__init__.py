"""How people write a method: its name in any spelling, and its options. Needs no Keras."""
