"""What an event can be: declared fields, sentences, the words of outcomes and decisions."""
