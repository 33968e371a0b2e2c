"""The ways in which people hear of matters beside their inbox: a file per way."""
