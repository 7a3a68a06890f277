"""What waits for a person, as gateways tell it to those who may decide or answer."""
