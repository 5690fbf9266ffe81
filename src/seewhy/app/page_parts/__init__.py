"""The page: its components, made with Gradio, and what happens at each event."""
