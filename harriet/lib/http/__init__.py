"""What HTTP headers say: media types, character sets, what is accepted, where a request comes from."""
