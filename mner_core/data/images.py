"""Pictures as they come from the web: opened by their content, upright, in plain RGB, or refused with one sentence."""

import hashlib
import threading
import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from mner_core.types import InputError

MAX_PIXELS = 64_000_000
"""A picture with more is refused before it is decoded: it would take 200 MB and more. Phones make 50 million."""

PICTURE_ENDINGS = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".gif",
        ".webp",
        ".bmp",
        ".tif",
        ".tiff",
        ".avif",
        ".ppm",
        ".jp2",
        ".ico",
    )
)
"""What a picture's file name may end with, in lower case. Which format it is, its content says."""

# EPS, PDF and the like are left out: Pillow would start another program to draw them.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM", "JPEG2000", "ICO")

# `warnings.catch_warnings` swaps the process's filters; two threads at once would restore the wrong ones.
_warnings_lock = threading.Lock()


def open_image(source: Path | bytes) -> Image.Image:
    """The picture in mode RGB: turned upright as its EXIF says, first frame, transparency on white.

    Raises:
        InputError: there is no such file, it is no picture, it is broken or cut off, or has over `MAX_PIXELS` pixels.
    """
    name = f"The picture {source.name}" if isinstance(source, Path) else "The picture"
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            data = source.read_bytes() if isinstance(source, Path) else source
            if not data:
                raise InputError(f"{name} is empty (0 bytes); replace the file.")
            return _decode(data, name)
        except InputError:
            raise
        except FileNotFoundError as error:
            raise InputError(f"{name} does not exist.") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise _too_large(name) from error
        except UnidentifiedImageError as error:
            raise InputError(f"{name} is not a picture in a known format; use JPEG, PNG, WebP or GIF.") from error
        except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes.
            raise InputError(f"{name} is broken and cannot be read ({_reason(error)}); replace the file.") from error


def image_digest(path: Path) -> str:
    """The sha256 of the file's bytes, in hexadecimal.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"The picture {path.name} cannot be read ({_reason(error)}).") from error


def _decode(data: bytes, name: str) -> Image.Image:
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name)
        image.load()
        return _as_rgb(_upright(image))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  Broken EXIF says nothing about orientation; the pixels are good.
        return image


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # `convert` would clip 16 bits to white instead of scaling them.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    page = Image.new("RGBA", layer.size, "white")
    page.alpha_composite(layer)
    return page.convert("RGB")


def _too_large(name: str) -> InputError:
    return InputError(f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller.")


def _reason(error: Exception) -> str:
    # Pillow's own words may span lines or name a server's path; an OSError's strerror does not.
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:120].rstrip(".")
