"""Settings, paths, credentials and what is kept between starts."""
