"""The words that apiwright adds to OpenAPI: what each may hold, and where it may stand."""

from apiwright.extensions.vocabulary import WORDS, Word, place_of

__all__ = ["WORDS", "Word", "place_of"]
