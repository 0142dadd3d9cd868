"""Programs that put pubsub_lib to work. Each stands in a folder of its own, with a README."""
