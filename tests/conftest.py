"""What every test may use."""

pytest_plugins = ["tiny_gguf"]
