"""Ways to make the map of any method steadier or finer, by asking it of changed copies."""

from seewhy.enhance.augmentations import Enhancement, Flips, Noisy, Scales, parse_enhancements

__all__ = ["Enhancement", "Flips", "Noisy", "Scales", "parse_enhancements"]
