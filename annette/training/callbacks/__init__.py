"""The callbacks, a file each; `annette.callbacks` is where programs find them."""
