"""Statistics for every neuron: arrays in, arrays out. No model, no torch, no files."""
