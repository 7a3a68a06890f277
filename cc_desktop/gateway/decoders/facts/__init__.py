"""What a gateway tells of itself, as the records of `fleet/facts.py`; one module per subject."""
