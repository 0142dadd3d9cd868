"""Programs that run beside a notebook, and a network that can be held, cut and mended."""
