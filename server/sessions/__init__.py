"""What one session may ask and keep, so that nobody else notices it. ``SessionGate`` is the ASGI middleware."""
