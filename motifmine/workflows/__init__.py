"""What a command does, as functions of a workspace."""
