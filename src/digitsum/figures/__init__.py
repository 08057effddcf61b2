"""Pictures: one file a figure, all in one style. Each function returns a Figure and saves nothing."""
