"""The server: takes in clients and answers them."""
