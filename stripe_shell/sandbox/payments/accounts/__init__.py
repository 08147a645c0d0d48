"""Accounts: forms, requirements, verification, onboarding and traits, of the key's own account and connected ones."""
