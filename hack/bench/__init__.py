"""The budget, measured: `python -m hack.bench [ROW ...]`; QUICK=1 cuts the counts.

In reading order: `__main__` runs the families of rows one after another, `stage` holds what they share (a control
plane, objects, the operator's process, a watching client), each module under `rows/` measures one family, and
`figures` says what holds. It measures and does not gate: whatever is missed or fails stands in the table.
"""
