"""Pydantic models: what datamodel-code-generator makes of the schemas, taken apart and checked.

The library never sees a word of the contract. It is given schemas in which names are the
identifiers that were already chosen and texts are tokens; what it gives back is parsed, held to a
list of forms that models are made of, and the tokens are replaced by literals.
"""

from apiwright.plan.models.generate import generate_models
from apiwright.plan.models.parts import Member, Model, ModelField, ModelModule

__all__ = ["Member", "Model", "ModelField", "ModelModule", "generate_models"]
