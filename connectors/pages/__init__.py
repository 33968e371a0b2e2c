"""The pages of integrations, tools and profiles, and the wizard."""
