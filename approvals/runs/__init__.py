"""Runs of workflows: what a workflow says, what a step wants next, and who works at a run."""
