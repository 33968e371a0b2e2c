"""SCIM 2.0: the organization's directory makes people and groups known here, and takes them away again."""
