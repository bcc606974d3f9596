"""`python -m forensics`."""

from forensics.commands.cli import main

if __name__ == "__main__":
    main()
