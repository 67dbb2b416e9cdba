"""The model card beside an exported model: what it is, how good, on which data, and the code that uses it."""

from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from ablate import escaping
from ablate.deploy.compared import Comparison, told
from ablate.deploy.format import Format
from ablate.deploy.trained import STORED
from ablate.readout import WEIGHTS
from ablate.text import counted, percent

CARD = "README.md"
_COLORS = {1: "gray", 3: "RGB"}
_STANDARDIZED = "each image minus its mean, divided by its standard deviation (at least 1/√values)"


def text(about: Mapping[str, Any], form: Format) -> str:
    """The card in Markdown.

    Args:
        about: what `export.json` holds.
    """
    rows = [(what, escaping.markdown(value)) for what, value in _rows(about, form) if value]
    height, width, channels = about["inputs"]["shape"][1:]
    sizes = {"height": height, "width": width, "channels": channels, "classes": len(about["classes"])}
    return "\n".join(
        [
            f"# {escaping.markdown(_title(about))}",
            "",
            "| | |",
            "|---|---|",
            *(f"| {what} | {value} |" for what, value in rows),
            "",
            "## Python",
            "",
            f"It needs `{form.install}`, and neither ablate nor any code of its training. Run it in this folder.",
            "",
            "```python",
            python(about, form),
            "```",
            "",
            "## C++",
            "",
            *(
                ["```cpp", Template(form.cpp).substitute(sizes).rstrip(), "```"]
                if form.cpp
                else [form.no_cpp or "There is no library that reads this format in C++."]
            ),
            "",
        ]
    )


def python(about: Mapping[str, Any], form: Format) -> str:
    """The code that classifies the images in `images.npy`."""
    height, width, channels = about["images"]["shape"]
    color = _COLORS.get(channels, f"{channels} channels")
    of = about["predictions"]["of"]
    return "\n".join(
        [
            "import numpy as np",
            form.load,
            "",
            "",
            prepare(about).strip("\n"),
            "",
            "",
            f'images = prepare(np.load("images.npy"))  # uint8 (batch, {height}, {width}, {channels}), {color}, 0 to 255',
            f"predictions = {form.predict}  # (batch, {len(about['classes'])}): {of}",
            "print(predictions.argmax(axis=1))",
        ]
    )


def prepare(about: Mapping[str, Any]) -> str:
    """Python that defines `prepare`, from images as the data set has them to what the model takes."""
    if about["preprocessing"] == "inside":
        return "\ndef prepare(images):\n    return images.astype(np.float32)\n"
    whole, part = about["images"]["shape"][:2], about["inputs"]["shape"][1:3]
    top, left = ((outer - inner) // 2 for outer, inner in zip(whole, part, strict=True))
    return f'''
def prepare(images):
    """The central crops, standardized."""
    crops = images[:, {top}:{top + part[0]}, {left}:{left + part[1]}].astype(np.float32)
    crops -= crops.mean(axis=(1, 2, 3), keepdims=True)
    deviations = crops.std(axis=(1, 2, 3), keepdims=True)
    return crops / np.maximum(deviations, np.float32(crops[0].size**-0.5))
'''


def _title(about: Mapping[str, Any]) -> str:
    training = about["training"]
    name = training["model"] or "network"
    return f"{name}: {training['arm']}, seed {training['seed']}" if training["arm"] else f"{name}, seed {training['seed']}"


def _rows(about: Mapping[str, Any], form: Format) -> Sequence[tuple[str, str]]:
    """What the card says, in its order; what is empty is left out."""
    training, data, compared = about["training"], about["data"], about["compared"]
    inputs, predictions = about["inputs"], about["predictions"]
    return (
        ("model", f"{about['file']}: {form.title}, {about['bytes']:,} bytes"),
        ("arm", f"{training['arm']} of the sweep {training['sweep']}" if training["arm"] else ""),
        (
            "training",
            f"{training['fingerprint']}, step {training['step']:,}, seed {training['seed']}, {of_weights(training)} weights, "
            f"trained in {training['precision']}",
        ),
        ("accuracy of this network", _accuracy(about)),
        ("accuracy of the arm", _of_arm(about)),
        ("classes", ", ".join(about["classes"])),
        ("data", data["title"]),
        ("license of the data", data["license"]),
        ("preprocessing", _preprocessing(about)),
        ("input", f"{inputs['name']}: float32 {_shape(inputs['shape'])}, {_values(about)}"),
        ("output", f"{predictions['name']}: float32 {_shape(predictions['shape'])}, {predictions['of']}"),
        (
            "compared",
            f"in a fresh process with the training's network, over all {compared['images']:,} test images: "
            f"{told(of_json(compared), compared_by(about))}",
        ),
        ("trained in bfloat16, exported in float32", bfloat16(about)),
    )


def compared_by(about: Mapping[str, Any]) -> str:
    """What of the outputs was compared, as `told` names it."""
    return "log probabilities" if about["softmax"] else "logits"


def of_json(compared: Mapping[str, Any]) -> Comparison:
    """The comparison that `export.json` holds."""
    return Comparison(
        compared["images"],
        compared["largest_difference"],
        compared["classes_differ"],
        compared["ties"],
        compared["differ_beyond_ties"],
    )


def bfloat16(about: Mapping[str, Any]) -> str:
    """How many classes differ from those of the training, which computed in bfloat16; empty of other trainings."""
    differ = about["compared"]["bfloat16_classes_differ"]
    return "" if differ is None else f"the classes of {differ:,} of {counted(about['compared']['images'], 'image')} differ"


def of_weights(about: Mapping[str, Any]) -> str:
    """What readers call the weights of a training that is exported, or of its arm."""
    return WEIGHTS[STORED[about["weights"]]]


def _accuracy(about: Mapping[str, Any]) -> str:
    return f"{percent(about['accuracy'], 2)} of {about['evaluated']:,} {about['split']} images"


def _of_arm(about: Mapping[str, Any]) -> str:
    arm = about["arm"]
    if arm is None:
        return ""
    of = f"{counted(arm['n'], 'seed')} with {of_weights(arm)} weights at step {arm['step']:,}"
    mean = f"{percent(arm['mean'], 2)}, the mean of {of}, as in the report of its sweep"
    return mean if arm["low"] is None else f"{mean} (95% CI {percent(arm['low'], 2)} to {percent(arm['high'], 2)})"


def _preprocessing(about: Mapping[str, Any]) -> str:
    whole, part = about["images"]["shape"], about["size"]
    crop = "" if whole[:2] == part else f"the central {part[0]}×{part[1]} pixels of images of {whole[0]}×{whole[1]}; "
    where = "in the model" if about["preprocessing"] == "inside" else "before the model, by the code below"
    return f"{where}: {crop}{_STANDARDIZED}"


def _values(about: Mapping[str, Any]) -> str:
    color = _COLORS.get(about["images"]["shape"][2], f"{about['images']['shape'][2]} channels")
    return f"{color}, 0 to 255" if about["preprocessing"] == "inside" else f"{color}, cropped and standardized"


def _shape(shape: Sequence[int | None]) -> str:
    return f"({', '.join('batch' if size is None else str(size) for size in shape)})"
