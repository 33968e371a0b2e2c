"""Held calls: the gate, tickets, who decides, and what becomes of a decision."""
