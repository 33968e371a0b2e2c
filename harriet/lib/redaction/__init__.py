"""Known secrets taken out of answers: `redactor` is the way in. Add a spelling in `needles` or `spelling`."""
