"""The command line ``inkasso``: what operators do by hand, and a demonstration.

It talks HTTP to the running server like everybody else; only ``token`` and ``rates`` work without one.
"""
