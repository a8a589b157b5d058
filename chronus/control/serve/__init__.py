"""The server: clients, their doors, and what they are answered."""
