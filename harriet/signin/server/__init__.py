"""The authorization server: one per organization, on oauthlib's grants and django-oauth-toolkit's validator."""
