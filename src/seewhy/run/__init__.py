"""Compiled passes of a plan: one run, or many on changed copies."""
