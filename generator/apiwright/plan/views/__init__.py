"""What templates print: dataclasses whose every field is ready-made code.

A view decides; a template only lays out. Each module here serves the templates of one folder.
"""
