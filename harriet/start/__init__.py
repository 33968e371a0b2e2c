"""`manage.py start`: everything that Harriet needs on one machine, as children of one process."""
