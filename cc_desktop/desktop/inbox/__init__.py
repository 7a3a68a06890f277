"""What needs the operator: the list over all gateways, and the cards on which it is decided."""
