"""Help: what each page is for, its words, and the documents of docs/, read inside."""
