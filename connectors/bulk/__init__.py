"""A change of many tools at once: what is wished, how each tool stood at the preview, what is asked of a person."""
