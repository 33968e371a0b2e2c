"""Setting up a device with a link and a short code: pages for people, addresses and a script for machines."""
