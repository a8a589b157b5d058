"""Takes commands of other programs and of controllers: OSC."""
