"""What operators see of calls: counters, spans, log lines."""
