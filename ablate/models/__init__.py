"""Models as data: layer lists, the levels that change them, what they cost, and the networks built from them."""
