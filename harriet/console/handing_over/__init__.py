"""Off-boarding: what somebody holds here, and who has it from then on."""
