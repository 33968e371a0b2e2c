"""Tables of rows that are too many for one page: declared once, sorted, filtered, paged and shown alike everywhere."""
