"""What a contract means: frozen dataclasses that every later stage reads.

Nothing here knows of YAML, Jinja, FastAPI or SQLAlchemy. Names that become identifiers of Python
or SQL are settled when these objects are made, and nowhere else.
"""
