"""An asv suite of two programs of known cost, for gate_operating_curve.py."""
