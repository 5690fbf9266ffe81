"""The web app: people drop a photo, ask for a class or a place, and see the map."""
