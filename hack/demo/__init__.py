"""The demo: a sample platform with real defects is reviewed, repaired and certified on a local control plane.

In reading order: `__main__` is the story, `scenes` says what is broken and how it is repaired, `stand_ins` play the
foreign controllers that do not run here, `session` runs the operator and the watching client.
"""
