"""The scripts that set up a machine, as they are sent, with Harriet's address filled in."""
