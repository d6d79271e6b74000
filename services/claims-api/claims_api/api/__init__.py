"""The HTTP face of claims-api: bodies in and out, who may call what, and nothing that decides."""
