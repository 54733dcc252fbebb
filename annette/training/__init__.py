"""Training: the loop of compile, fit, evaluate and predict, its data, progress and callbacks."""
