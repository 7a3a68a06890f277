"""The card "While you were away"."""
