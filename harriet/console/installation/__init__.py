"""What this installation of Harriet is: its version and health, its mail and keys, what stands wrong, its licences."""
