"""What screen readers need beyond what Qt tells them by itself."""
