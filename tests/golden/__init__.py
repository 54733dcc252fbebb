"""Golden values recorded from real Keras, and the tests that hold annette to them."""
