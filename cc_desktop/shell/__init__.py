"""The commands of `cc-desktop`, one module for each group of them."""
