"""Reads what gateways send: one module for each thing that is told, all dialects side by side."""
