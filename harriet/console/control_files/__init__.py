"""Files that make AI clients use Harriet and nothing else, for each group: seen, downloaded, and read at an address."""
