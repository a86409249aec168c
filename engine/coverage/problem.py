"""What is wrong with a file that coverage is read from."""


class FileProblem(ValueError):
    """A file cannot be used: where in it, what is there and what was expected."""

    def __init__(self, where: str, value: object, expected: str) -> None:
        super().__init__(f"{where}: {value!r}: expected {expected}" if where else f"{value!r}: expected {expected}")
        self.where, self.value, self.expected = where, str(value), expected


def why(error: Exception) -> str:
    """An error in words, without the path, which the problem names already."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
