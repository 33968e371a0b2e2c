"""A thin SAML 2.0 service provider on lxml and signxml: what it does not need, it refuses."""
