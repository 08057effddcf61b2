"""Pictures: one file a figure, all in one style. Functions return a Figure and save nothing."""
