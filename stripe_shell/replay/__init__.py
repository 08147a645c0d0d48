"""Documentation pages as tests: examples found, objects they rely on seeded, answers compared with what is printed."""
