"""A text that travels within a picture's file, beside its pixels."""

from seewhy.render.embedded.texts import LONGEST, embed_text, embedded_text

__all__ = ["LONGEST", "embed_text", "embedded_text"]
