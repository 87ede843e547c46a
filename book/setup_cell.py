# @title Setup: imports, the look of the figures, and three helpers
import functools
import io

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

if jax.config.jax_enable_x64:
    raise RuntimeError("This book expects JAX's default, 32-bit numbers: unset JAX_ENABLE_X64 and start again.")
jax.config.update("jax_default_matmul_precision", "highest")  # so that an accelerator prints the CPU's digits
BLUE, ORANGE, GREEN, PINK, SKY, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#767676"
plt.rcParams.update({
    "figure.figsize": (6.4, 3.4), "figure.dpi": 120, "figure.constrained_layout.use": True, "font.size": 10,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, GREY]), "axes.titlesize": 10,
    "axes.spines.top": False, "axes.spines.right": False, "lines.linewidth": 1.8, "legend.frameon": False})
_USUALLY = {  # a word in an error, and what that error usually means
    "NoneType": "a `return` is missing", "race": "a traced value was used as a Python or NumPy number", "ZeroDivision": "something was divided by zero",
    "NameError": "a name is misspelt, or its cell has not run", "ndarray or scalar": "a list stands where an array is asked for: jnp.array(...)",
    "argument": "the function takes other arguments than asked for",
    "unpack": "there are too few or too many parts", "index": "there are too few entries", "subscript": "one value stands where several are asked for",
    "shape": "two shapes do not fit; print them", "broadcast": "two shapes do not fit; print them", "truth value": "an array stands where one number is asked for",
    "attribute": "it is another kind of value than asked for", "": "the error comes from your answer, or from its form"}


def _verdict(answer, test):  # one sentence on an answer; "correct" only if test(answer) passes
    class NotAttempted(Exception):
        """The answer, or what it returns, still holds `...`."""

    def look_for_dots(part):
        if part is ...:
            raise NotAttempted
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, (list, tuple)) else ():
            look_for_dots(inner)

    def attempt(*args, **options):
        look_for_dots(result := answer(*args, **options))
        empty.append(result is None)
        return result
    empty = []  # whether the reader's function returned None, call by call
    try:
        look_for_dots(answer)
        test(functools.wraps(answer)(attempt) if callable(answer) else answer)
    except NotAttempted:
        return "not attempted yet"
    except AssertionError as hint:
        return f"not right yet: {hint}" + " (your function returned None: is a `return` missing?)" * any(empty)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".strip().partition("\n")[0][:150]
        return f"not right yet: {said} (usually: {next(_USUALLY[sign] for sign in _USUALLY if sign in said)})"
    return "correct" if __debug__ else "not checked: Python was started with -O, which leaves out every assert"


def check(answer, test):  # prints the verdict; True if the answer is correct
    print(said := _verdict(answer, test))
    return said == "correct" or None


def rejects(test, *answers):  # for solutions: shows that the test turns each of these wrong answers down
    for number, answer in enumerate(answers, 1):
        print(f"wrong answer {number} is", said := _verdict(answer, test))
        assert said.startswith("not "), f"{test.__name__} accepts wrong answer {number}: {answer!r}"


class filmstrip:  # equal panels, one per value, drawn by draw(ax, value); a slider on the website
    def __init__(self, values, title, draw, columns=4, size=(2.2, 2.4)):
        self.titles, self.columns = [title.format(value) for value in values], columns
        rows = -(-len(values) // columns)
        self.figure = plt.figure(figsize=(size[0] * columns, size[1] * rows))
        for panel, name, value in zip(self.figure.subfigures(rows, columns, squeeze=False).flat, self.titles, values):
            ax = panel.subplots()
            ax.set_title(name)
            draw(ax, value)
        plt.close(self.figure)

    def _repr_mimebundle_(self, **_):
        self.figure.savefig(png := io.BytesIO(), dpi=160)
        return {"image/png": png.getvalue()}, {"filmstrip": {"columns": self.columns, "titles": self.titles}}
