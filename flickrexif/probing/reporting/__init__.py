"""What a probe found, for people and for programs, and how it compares with another one."""
