"""The forms in which a judgement leaves the program: one module a form, none of which decides anything."""
