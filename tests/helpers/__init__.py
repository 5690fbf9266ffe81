"""What tests share: references, oracles, photos, and margins from ties."""
