"""What happened in the fleet: this app's own list, and what a gateway's ledger and usage say."""
