"""Private Redis, PostgreSQL and Odoo for the demo and the tests; see ``stack.Stack``.

Imports nothing on purpose: ``prepare`` runs on a bare Python while pip still installs the project.
"""
