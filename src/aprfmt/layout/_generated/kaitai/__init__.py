"""The Kaitai compiler's own Python reader: generated, never edited."""
