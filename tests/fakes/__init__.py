"""Stand-ins for what tests cannot wait for or rely on: time, and a gateway that misbehaves."""
