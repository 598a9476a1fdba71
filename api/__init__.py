"""Shells around the session: WebSocket, HTTP, command line."""
