"""The one error of the generator."""

__all__ = ["CodegenError"]


class CodegenError(ValueError):
    """The specification says something the generator does not know; `path` names the place in the ksy.

    The generator never guesses: a key, a type or an operator it has not been taught ends the run.
    """

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        self.message = message
        super().__init__(f"{path}: {message}")
