"""What puts Tocsin to work: image, service files, sources and the demo; never installed."""
