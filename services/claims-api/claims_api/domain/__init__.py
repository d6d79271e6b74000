"""The rules of claims-api: money, law and judgement. Pure functions over frozen values: no clock, database, network."""
