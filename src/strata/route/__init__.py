"""Routing a query: what it asks for, which layers can answer, in which order, and how their answers become one."""
