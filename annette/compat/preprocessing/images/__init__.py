"""What `keras.preprocessing.image` is made of."""
