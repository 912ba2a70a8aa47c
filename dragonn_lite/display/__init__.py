"""What do people see? Tables, logos, charts and widgets; never a network."""
