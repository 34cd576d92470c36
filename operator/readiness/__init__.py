"""
readiness-operator: continuously certifies production readiness.

The folders, read in alphabetical order, are the way the data flows: the **api** says what is
expected; **collectors** gather **evidence**; **expectations** turn it into findings;
**judgement** rolls them up; **outputs** tell the world; **runtime** runs it.
"""

__version__ = "0.1.0"
