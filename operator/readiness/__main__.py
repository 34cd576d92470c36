"""`python -m readiness`: the command line, by another door."""

from readiness.runtime import cli

if __name__ == "__main__":
    cli.main()
