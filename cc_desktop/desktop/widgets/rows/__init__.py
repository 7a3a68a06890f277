"""Lists and tables of rows."""
