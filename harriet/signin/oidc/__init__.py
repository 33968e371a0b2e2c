"""A thin OpenID Connect client: discovery, the code flow with PKCE, ID tokens and logout tokens checked by PyJWT.

Not allauth's: its accounts are known by provider and subject for the whole installation and log in to all of it, while
a provider here is one organization's and opens that organization alone. Every request leaves through the egress rules.
"""
