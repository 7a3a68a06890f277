"""What is above and below the list of the fleet window."""
