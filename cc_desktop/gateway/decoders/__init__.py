"""Decodes what gateways send: one module per subject, with all dialects of it side by side."""
